using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>PC0004: a response that still holds its connection, and a way on which nobody disposes it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ResponseHeldAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Rules.ResponseHeld);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName("System.Net.Http.HttpClient") is not null && !TestProject.Is(start.Options))
            {
                start.RegisterOperationAction(Analyze, OperationKind.Invocation);
            }
        });
    }

    private static void Analyze(OperationAnalysisContext context)
    {
        var call = (IInvocationOperation)context.Operation;
        if (HeldResponse.IsMade(call)
            && !TestCode.Contains(context.ContainingSymbol)
            && ReleasePaths.Leaks(ValueFlow.Follow(call, ResponseRules.Instance), context.CancellationToken))
        {
            var what = call.TargetMethod.Name == "GetStreamAsync" ? "stream" : "response";
            context.ReportDiagnostic(Diagnostic.Create(Rules.ResponseHeld, call.Syntax.GetLocation(), call.TargetMethod.Name, what));
        }
    }
}
