using System.Collections.Generic;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>Where the variables and local functions of a member are referred to.</summary>
internal sealed class MemberReferences
{
    private static readonly List<IOperation> None = [];
    private readonly Dictionary<ISymbol, List<IOperation>> _references = new(SymbolEqualityComparer.Default);

    public MemberReferences(IOperation part)
    {
        Root = part.Root();
        foreach (var operation in Root.DescendantsAndSelf())
        {
            if (Symbol(operation) is { } symbol)
            {
                if (!_references.TryGetValue(symbol, out var list))
                {
                    _references.Add(symbol, list = []);
                }

                list.Add(operation);
            }
        }
    }

    /// <summary>Gets the member's whole body.</summary>
    public IOperation Root { get; }

    public IReadOnlyList<IOperation> To(ISymbol symbol) => _references.TryGetValue(symbol, out var list) ? list : None;

    private static ISymbol? Symbol(IOperation operation) => operation switch
    {
        ILocalReferenceOperation local => local.Local,
        IParameterReferenceOperation parameter => parameter.Parameter,
        IInvocationOperation { TargetMethod.MethodKind: MethodKind.LocalFunction } call => call.TargetMethod.OriginalDefinition,
        IMethodReferenceOperation { Method.MethodKind: MethodKind.LocalFunction } reference => reference.Method.OriginalDefinition,
        _ => null,
    };
}
