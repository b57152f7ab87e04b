using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>Knows a handler that was made for one channel and that nobody else can dispose.</summary>
internal static class MadeHandler
{
    public static bool IsOwned(IOperation value)
    {
        value = value.Unwrapped();
        return value switch
        {
            IObjectCreationOperation creation => creation.Type.DerivesFrom("System.Net.Http.HttpMessageHandler"),
            IConditionalOperation { WhenFalse: { } other } choice => IsOwned(choice.WhenTrue) && IsOwned(other),
            ISwitchExpressionOperation choice => choice.Arms.All(arm => IsOwned(arm.Value)),
            ILocalReferenceOperation local => IsOwned(local),
            _ => false,
        };
    }

    private static bool IsOwned(ILocalReferenceOperation local)
    {
        if (local.Local.IsUsing)
        {
            return false;
        }

        var references = new MemberReferences(local);
        var made = references.Root.Descendants().OfType<IVariableDeclaratorOperation>()
            .FirstOrDefault(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local.Local))?.Initializer?.Value.Unwrapped();
        if (made is not IObjectCreationOperation || !IsOwned(made))
        {
            return false;
        }

        // Whoever else holds it, or disposes it here, may be who ends it.
        return references.To(local.Local).All(use => use.Parent is not IInvocationOperation { TargetMethod.Name: "Dispose" } and not IConditionalAccessOperation
            && (use == local || use.User() is not IArgumentOperation and not IReturnOperation
                && use.User() is not ISimpleAssignmentOperation { Target: not IPropertyReferenceOperation { Property.Name: "HttpHandler" } }
                && use.User() is not IUsingOperation));
    }
}
