using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>Finds the control flow graph of a member, or of a lambda or local function within it.</summary>
internal static class FunctionGraph
{
    public static ControlFlowGraph? Of(IOperation root, IOperation? function, CancellationToken cancellationToken)
    {
        if (function is null)
        {
            return root switch
            {
                IMethodBodyOperation body => ControlFlowGraph.Create(body, cancellationToken),
                IConstructorBodyOperation body => ControlFlowGraph.Create(body, cancellationToken),
                IBlockOperation body => ControlFlowGraph.Create(body, cancellationToken),
                IFieldInitializerOperation initializer => ControlFlowGraph.Create(initializer, cancellationToken),
                IPropertyInitializerOperation initializer => ControlFlowGraph.Create(initializer, cancellationToken),
                _ => null,
            };
        }

        if (Of(root, function.EnclosingFunction(), cancellationToken) is not { } outer)
        {
            return null;
        }

        if (function is ILocalFunctionOperation local)
        {
            return outer.LocalFunctions.Any(symbol => SymbolEqualityComparer.Default.Equals(symbol, local.Symbol))
                ? outer.GetLocalFunctionControlFlowGraph(local.Symbol, cancellationToken)
                : null;
        }

        var lambda = outer.Blocks
            .SelectMany(block => block.BranchValue is { } value ? block.Operations.Append(value) : block.Operations)
            .SelectMany(operation => operation.DescendantsAndSelf())
            .OfType<IFlowAnonymousFunctionOperation>()
            .FirstOrDefault(candidate => candidate.Syntax == function.Syntax);
        return lambda is null ? null : outer.GetAnonymousFunctionControlFlowGraph(lambda, cancellationToken);
    }
}
