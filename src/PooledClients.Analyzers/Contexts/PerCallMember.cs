using System;
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Channels;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Contexts;

/// <summary>Knows members that run for each call: what serves one, and what makes one.</summary>
internal static class PerCallMember
{
    private static readonly string[] Requests =
        ["Grpc.Core.ServerCallContext", "Microsoft.AspNetCore.Http.HttpContext", "System.Net.Http.HttpRequestMessage", "System.Net.Security.SslPolicyErrors"];

    public static bool Contains(IOperation operation, ISymbol member)
    {
        return (member is IMethodSymbol method && (Serves(method.Parameters) || IsAction(method)))
            || operation.Ancestors().OfType<IAnonymousFunctionOperation>().Any(lambda => Serves(lambda.Symbol.Parameters))
            || operation.Ancestors().OfType<ILocalFunctionOperation>().Any(function => Serves(function.Symbol.Parameters))
            || MemberKind.IsRequestHandler(operation)
            || new MemberReferences(operation).Root.Descendants().Any(part => IsCall(part) || IsDial(part));
    }

    private static bool Serves(ImmutableArray<IParameterSymbol> parameters)
        => parameters.Any(parameter => Requests.Any(request => parameter.Type.Is(request)));

    private static bool IsAction(IMethodSymbol method)
    {
        return method.MethodKind == MethodKind.Ordinary && method.DeclaredAccessibility == Accessibility.Public && !method.IsStatic
            && method.ContainingType.DerivesFrom("Microsoft.AspNetCore.Mvc.ControllerBase");
    }

    private static bool IsCall(IOperation operation)
    {
        return operation is IInvocationOperation { Instance.Type: { } type, TargetMethod: { } method }
            && (type.DerivesFrom("Grpc.Core.ClientBase")
                || (type.DerivesFrom("System.Net.Http.HttpMessageInvoker")
                    && (method.Name.StartsWith("Send", StringComparison.Ordinal) || method.Name.StartsWith("Get", StringComparison.Ordinal) || method.Name.StartsWith("P", StringComparison.Ordinal) || method.Name == "DeleteAsync")));
    }

    private static bool IsDial(IOperation operation)
    {
        var isMade = operation is IObjectCreationOperation { Type: { } type }
            ? type.Is("System.Net.Http.HttpClient") || type.Is("System.Net.Http.HttpClientHandler") || type.Is("System.Net.Http.SocketsHttpHandler")
            : operation is IInvocationOperation { TargetMethod: { Name: "ForAddress", ContainingType: var channel } } && channel.Is("Grpc.Net.Client.GrpcChannel");
        return isMade && ValueFlow.Follow(operation, ChannelRules.Instance).Stays;
    }
}
