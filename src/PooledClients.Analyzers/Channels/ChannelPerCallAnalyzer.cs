using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>PC0001: a channel that never leaves the member that made it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ChannelPerCallAnalyzer : DiagnosticAnalyzer
{
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = ImmutableArray.Create(Rules.ChannelPerCall);

    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(start =>
        {
            if (start.Compilation.GetTypeByMetadataName("Grpc.Net.Client.GrpcChannel") is not null && !TestProject.Is(start.Options))
            {
                start.RegisterOperationAction(Analyze, OperationKind.Invocation);
            }
        });
    }

    private static void Analyze(OperationAnalysisContext context)
    {
        var call = (IInvocationOperation)context.Operation;
        if ((IsCreation(call) || FreshFactory.Makes(call, IsCreation))
            && !MemberKind.RunsOnce(call, context.ContainingSymbol)
            && ValueFlow.Follow(call, ChannelRules.Instance).Stays)
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.ChannelPerCall, call.Syntax.GetLocation(), MemberName.Of(call, context.ContainingSymbol)));
        }
    }

    private static bool IsCreation(IOperation operation)
        => operation is IInvocationOperation { TargetMethod: { Name: "ForAddress", IsStatic: true, ContainingType: var type } } && type.Is("Grpc.Net.Client.GrpcChannel");
}
