using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Certificates;

/// <summary>PC0006: whatever makes any certificate good enough.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ValidationOffAnalyzer : DiagnosticAnalyzer
{
    private const int AllFlags = 0xFFF;

    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Rules.ValidationOff);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterOperationAction(AnalyzeProperty, OperationKind.PropertyReference);
        context.RegisterOperationAction(AnalyzeDelegate, OperationKind.DelegateCreation);
        context.RegisterOperationAction(AnalyzeFlags, OperationKind.SimpleAssignment, OperationKind.CompoundAssignment);
    }

    private static void AnalyzeProperty(OperationAnalysisContext context)
    {
        if (context.Operation is IPropertyReferenceOperation { Property: { Name: "DangerousAcceptAnyServerCertificateValidator", ContainingType: var type } } reference
            && type.Is("System.Net.Http.HttpClientHandler")
            && !reference.Ancestors().OfType<INameOfOperation>().Any())
        {
            Report(context, reference, "DangerousAcceptAnyServerCertificateValidator");
        }
    }

    private static void AnalyzeDelegate(OperationAnalysisContext context)
    {
        var creation = (IDelegateCreationOperation)context.Operation;
        if (ValidationCallback.Is(creation.Type) && !ValidationCallback.IsForClients(creation) && AlwaysTrue.Is(creation.Target, context.CancellationToken))
        {
            Report(context, creation, "The callback");
        }
    }

    private static void AnalyzeFlags(OperationAnalysisContext context)
    {
        var assignment = (IAssignmentOperation)context.Operation;
        if (assignment.Target is IPropertyReferenceOperation { Property: { Name: "VerificationFlags", ContainingType: var type } }
            && type.Is("System.Security.Cryptography.X509Certificates.X509ChainPolicy")
            && (IgnoresAll(assignment.Value) || (assignment.Value.Unwrapped() is ILocalReferenceOperation local && LocalValues.Of(local) is { Count: > 0 } values && values.All(IgnoresAll))))
        {
            Report(context, assignment, "A chain policy that ignores all flags");
        }
    }

    private static bool IgnoresAll(IOperation value) => value.ConstantValue is { HasValue: true, Value: int flags } && (flags & AllFlags) == AllFlags;

    /// <summary>What never reaches production is told, and no more.</summary>
    private static void Report(OperationAnalysisContext context, IOperation operation, string what)
    {
        var harmless = DebugRegion.Contains(operation.Syntax, context.CancellationToken)
            || DevelopmentCheck.Guards(operation)
            || TestProject.Is(context.Options)
            || TestCode.Contains(context.ContainingSymbol)
            || DebugRegion.IsDebugOnly(context.ContainingSymbol);
        context.ReportDiagnostic(Diagnostic.Create(
            Rules.ValidationOff,
            operation.Syntax.GetLocation(),
            harmless ? DiagnosticSeverity.Info : Rules.ValidationOff.DefaultSeverity,
            additionalLocations: null,
            properties: null,
            what));
    }
}
