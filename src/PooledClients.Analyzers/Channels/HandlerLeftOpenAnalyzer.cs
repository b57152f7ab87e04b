using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>PC0003: a channel is disposed, and the handler that was made for it is not.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HandlerLeftOpenAnalyzer() : OperationAnalyzer(Rules.HandlerLeftOpen, "Grpc.Net.Client.GrpcChannelOptions", OperationKind.SimpleAssignment)
{
    protected override void Analyze(OperationAnalysisContext context)
    {
        if (context.Operation is not ISimpleAssignmentOperation { Target: IPropertyReferenceOperation { Property: { Name: "HttpHandler", ContainingType: var type } } } handler
            || !type.Is("Grpc.Net.Client.GrpcChannelOptions")
            || TestCode.Contains(context.ContainingSymbol)
            || Options(handler) is not { } options
            || !MadeHandler.IsOwned(handler.Value))
        {
            return;
        }

        var flow = ValueFlow.Follow(options, ChannelRules.Instance);
        if (ChannelDisposal.Happens(flow)
            && !flow.Root.Descendants().OfType<ISimpleAssignmentOperation>().Any(setting => IsSetting(setting, options, flow)
                && Name(setting) == "DisposeHttpClient" && setting.Value.ConstantValue is not { HasValue: true, Value: false }))
        {
            context.ReportDiagnostic(Diagnostic.Create(Rules.HandlerLeftOpen, handler.Syntax.GetLocation()));
        }
    }

    /// <summary>Where the options were made whose handler is set: around, or where their variable was declared.</summary>
    private static IObjectCreationOperation? Options(ISimpleAssignmentOperation handler)
    {
        if (handler.Parent is IObjectOrCollectionInitializerOperation { Parent: IObjectCreationOperation around })
        {
            return around;
        }

        return ((IPropertyReferenceOperation)handler.Target).Instance is ILocalReferenceOperation local
            ? new MemberReferences(handler).Root.Descendants().OfType<IVariableDeclaratorOperation>()
                .FirstOrDefault(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local.Local))?.Initializer?.Value.Unwrapped() as IObjectCreationOperation
            : null;
    }

    private static string Name(ISimpleAssignmentOperation setting) => ((IPropertyReferenceOperation)setting.Target).Property.Name;

    private static bool IsSetting(ISimpleAssignmentOperation assignment, IObjectCreationOperation options, FlowResult flow)
    {
        return assignment.Target is IPropertyReferenceOperation { Instance: { } instance } property
            && property.Property.ContainingType.Is("Grpc.Net.Client.GrpcChannelOptions")
            && (assignment.Parent == options.Initializer || flow.Aliases.Contains(instance));
    }
}
