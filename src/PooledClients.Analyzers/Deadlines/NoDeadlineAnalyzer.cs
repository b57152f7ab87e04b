using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;

namespace PooledClients.Analyzers.Deadlines;

/// <summary>PC0008: a call that may wait for ever, on a client that has no deadline of its own.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class NoDeadlineAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Rules.NoDeadline);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName("Grpc.Core.ClientBase") is not null && !TestProject.Is(start.Options))
            {
                var pooled = new PooledTypes(start.Compilation);
                start.RegisterOperationAction(operation => Analyze(operation, pooled), OperationKind.Invocation);
            }
        });
    }

    private static void Analyze(OperationAnalysisContext context, PooledTypes pooled)
    {
        var call = (IInvocationOperation)context.Operation;
        if (GrpcCall.LacksDeadline(call)
            && !TestCode.Contains(context.ContainingSymbol)
            && !pooled.Contains(call.Instance!.Type!, context.CancellationToken)
            && !PooledTypes.MakesPooled(call.Instance))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.NoDeadline, call.Syntax.GetLocation(), call.TargetMethod.Name));
        }
    }
}
