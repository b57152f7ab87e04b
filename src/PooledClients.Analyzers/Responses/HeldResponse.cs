using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>Knows the calls whose response holds its connection after they are over.</summary>
internal static class HeldResponse
{
    private const int MaxDepth = 4;

    public static bool IsMade(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        if (method.Name is not ("SendAsync" or "Send" or "GetAsync" or "GetStreamAsync"))
        {
            return HasOption(call) && GivesResponse(method.ReturnType);
        }

        if (method.ContainingType.Is("System.Net.Http.HttpClient"))
        {
            return method.Name == "GetStreamAsync" || HasOption(call);
        }

        // An invoker below HttpClient never buffers.
        return method.ContainingType.Is("System.Net.Http.HttpMessageInvoker")
            ? call.Instance is { } instance && !instance.Type.DerivesFrom("System.Net.Http.HttpClient")
            : HasOption(call) && GivesResponse(method.ReturnType);
    }

    private static bool GivesResponse(ITypeSymbol type)
    {
        return type.Is("System.Net.Http.HttpResponseMessage")
            || (type is INamedTypeSymbol { TypeArguments: { Length: 1 } results, Name: "Task" or "ValueTask" } && results[0].Is("System.Net.Http.HttpResponseMessage"));
    }

    private static bool HasOption(IInvocationOperation call)
        => call.Arguments.Any(argument => argument.Parameter?.Type.Is("System.Net.Http.HttpCompletionOption") == true && MayBeHeaders(argument.Value, 0));

    private static bool MayBeHeaders(IOperation option, int depth)
    {
        if (option.ConstantValue is { HasValue: true, Value: var value })
        {
            return value is 1;
        }

        return option.Unwrapped() switch
        {
            IConditionalOperation { WhenFalse: { } other } choice => MayBeHeaders(choice.WhenTrue, depth) || MayBeHeaders(other, depth),
            ISwitchExpressionOperation choice => choice.Arms.Any(arm => MayBeHeaders(arm.Value, depth)),
            ILocalReferenceOperation local when depth < MaxDepth => new MemberReferences(local).Root.Descendants().OfType<IVariableDeclaratorOperation>()
                .Any(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local.Local) && declarator.Initializer is { } initial && MayBeHeaders(initial.Value, depth + 1)),
            _ => false,
        };
    }
}
