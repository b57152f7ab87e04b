using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>PC0005: a streaming call, and a way on which nobody ends it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StreamHeldAnalyzer() : OperationAnalyzer(Rules.StreamHeld, "Grpc.Core.AsyncServerStreamingCall`1", OperationKind.Invocation)
{
    protected override void Analyze(OperationAnalysisContext context)
    {
        var call = (IInvocationOperation)context.Operation;
        if (StreamingCall.IsBegunBy(call.TargetMethod)
            && !TestCode.Contains(context.ContainingSymbol)
            && ReleasePaths.Leaks(ValueFlow.Follow(call, StreamRules.Instance), context.CancellationToken))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.StreamHeld, call.Syntax.GetLocation(), call.TargetMethod.Name));
        }
    }
}
