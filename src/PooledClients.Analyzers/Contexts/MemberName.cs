using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Contexts;

/// <summary>Names the member that an operation lies in, as its author would.</summary>
internal static class MemberName
{
    public static string Of(IOperation operation, ISymbol member)
    {
        if (operation.EnclosingFunction() is ILocalFunctionOperation local)
        {
            return local.Symbol.Name;
        }

        return member is IMethodSymbol { AssociatedSymbol: { } property } ? property.Name
            : member.Name == "<Main>$" ? "Main"
            : member.Name;
    }
}
