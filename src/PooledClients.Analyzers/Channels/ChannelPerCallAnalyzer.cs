using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>PC0001: a channel that never leaves the member that made it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ChannelPerCallAnalyzer() : OperationAnalyzer(Rules.ChannelPerCall, "Grpc.Net.Client.GrpcChannel", OperationKind.Invocation, OperationKind.PropertyReference)
{
    private static readonly FreshFactory Factory = new(IsCreation);

    protected override void Analyze(OperationAnalysisContext context)
    {
        var call = context.Operation;
        if ((IsCreation(call) || Factory.Makes(call))
            && !MemberKind.RunsOnce(call, context.ContainingSymbol)
            && ValueFlow.Follow(call, ChannelRules.Instance).Stays)
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.ChannelPerCall, call.Syntax.GetLocation(), MemberName.Of(call, context.ContainingSymbol)));
        }
    }

    private static bool IsCreation(IOperation operation)
        => operation is IInvocationOperation { TargetMethod: { Name: "ForAddress", IsStatic: true, ContainingType: var type } } && type.Is("Grpc.Net.Client.GrpcChannel");
}
