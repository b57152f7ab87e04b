using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using PooledClients.Analyzers.Contexts;

namespace PooledClients.Analyzers.Certificates;

/// <summary>PC0007: a certificate that is read again for each call.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class CertificatePerCallAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Rules.CertificatePerCall);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (!TestProject.Is(start.Options))
            {
                start.RegisterOperationAction(Analyze, OperationKind.ObjectCreation, OperationKind.Invocation);
            }
        });
    }

    private static void Analyze(OperationAnalysisContext context)
    {
        var operation = context.Operation;
        if (CertificateLoad.Is(operation)
            && !MemberKind.RunsOnce(operation, context.ContainingSymbol)
            && PerCallMember.Contains(operation, context.ContainingSymbol)
            && !CertificateLoad.IsKept(operation))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.CertificatePerCall, operation.Syntax.GetLocation(), MemberName.Of(operation, context.ContainingSymbol)));
        }
    }
}
