using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Channels;
using PooledClients.Analyzers.Contexts;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Http;

/// <summary>PC0002: an HTTP client or handler that never leaves the member that made it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HttpClientPerCallAnalyzer() : OperationAnalyzer(Rules.HttpClientPerCall, "System.Net.Http.HttpClient", OperationKind.ObjectCreation, OperationKind.Invocation, OperationKind.PropertyReference)
{
    /// <summary>A handler that wraps the last one in the same variable has no end.</summary>
    private const int MaxDepth = 6;

    private static readonly FreshFactory Factory = new(static operation => IsClient(operation) || IsHandler(operation));
    private static readonly FreshFactory Handlers = new(IsHandler);

    protected override void Analyze(OperationAnalysisContext context)
    {
        var operation = context.Operation;
        var isMade = IsClient(operation) || IsHandler(operation) || Factory.Makes(operation);
        if (!isMade || MemberKind.RunsOnce(operation, context.ContainingSymbol))
        {
            return;
        }

        var flow = ValueFlow.Follow(operation, ChannelRules.Instance);
        if (flow.Stays && !flow.Aliases.Any(alias => alias != operation && IsReportedItself(alias)))
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.HttpClientPerCall, operation.Syntax.GetLocation(), Made(operation.Type)?.Name, MemberName.Of(operation, context.ContainingSymbol)));
        }
    }

    private static ITypeSymbol? Made(ITypeSymbol? type)
        => type is INamedTypeSymbol { TypeArguments: { Length: 1 } results, Name: "Task" or "ValueTask" } ? results[0] : type;

    /// <summary>A client over a handler from elsewhere shares the connections of that handler, so it costs nothing.</summary>
    private static bool IsClient(IOperation operation)
    {
        return operation is IObjectCreationOperation creation && creation.Type.Is("System.Net.Http.HttpClient")
            && (creation.Arguments.FirstOrDefault(argument => argument.Parameter?.Type.Is("System.Net.Http.HttpMessageHandler") == true) is not { } handler
                || IsMadeHere(handler.Value, 0));
    }

    private static bool IsHandler(IOperation operation)
    {
        return operation is IObjectCreationOperation { Type: { } type }
            && (type.Is("System.Net.Http.HttpClientHandler") || type.Is("System.Net.Http.SocketsHttpHandler"));
    }

    private static bool IsMadeHere(IOperation handler, int depth)
    {
        handler = handler.Unwrapped();
        switch (handler)
        {
            case IObjectCreationOperation when IsHandler(handler):
                return !IsShared(handler);
            case IObjectCreationOperation wrapper when depth < MaxDepth && wrapper.Type.DerivesFrom("System.Net.Http.DelegatingHandler"):
                return wrapper.Arguments.Any(argument => IsMadeHere(argument.Value, depth + 1))
                    || wrapper.Initializer?.Initializers.OfType<ISimpleAssignmentOperation>().Any(assignment => IsMadeHere(assignment.Value, depth + 1)) == true;
            case ILocalReferenceOperation local when depth < MaxDepth:
                var references = new MemberReferences(handler);
                return references.Root.Descendants().Any(operation => IsGiven(operation, local.Local, depth + 1));
            default:
                return Handlers.MakesHere(handler) && !IsShared(handler);
        }
    }

    /// <summary>One that the member also stores outlives its clients.</summary>
    private static bool IsShared(IOperation handler) => ValueFlow.Follow(handler, ChannelRules.Instance) is var flow && (flow.Has(UseKind.Kept) || flow.Has(UseKind.Given));

    private static bool IsGiven(IOperation operation, ILocalSymbol local, int depth) => operation switch
    {
        IVariableDeclaratorOperation { Initializer.Value: { } value } declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local) && IsMadeHere(value, depth),
        ISimpleAssignmentOperation { Target: ILocalReferenceOperation target } assignment => SymbolEqualityComparer.Default.Equals(target.Local, local)
            && assignment.Value.Unwrapped() is not ILocalReferenceOperation && IsMadeHere(assignment.Value, depth),
        _ => false,
    };

    /// <summary>The handler of a client, and what a channel was made from, are one mistake with it.</summary>
    private static bool IsReportedItself(IOperation alias)
        => IsClient(alias) || alias is IInvocationOperation { TargetMethod.Name: "ForAddress" } || alias.Type.Is("Grpc.Net.Client.GrpcChannelOptions");
}
