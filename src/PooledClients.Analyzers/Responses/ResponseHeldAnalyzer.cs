using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>PC0004: a response that still holds its connection, and a way on which nobody disposes it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ResponseHeldAnalyzer() : OperationAnalyzer(Rules.ResponseHeld, "System.Net.Http.HttpClient", OperationKind.Invocation)
{
    protected override void Analyze(OperationAnalysisContext context)
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
