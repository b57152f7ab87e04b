using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>
/// Looks for a way from where a value was made to the end of its function on which it is neither released nor handed on. Of
/// exceptions it knows throw statements and EnsureSuccessStatusCode; a release in a finally counts whatever its condition.
/// </summary>
internal sealed class ReleasePaths
{
    private readonly ControlFlowGraph _graph;
    private readonly IOperation _source;
    private readonly HashSet<SyntaxNode> _releases;
    private readonly HashSet<SyntaxNode> _aliases;
    private readonly HashSet<int> _seen = [];
    private readonly Stack<(BasicBlock Block, int From)> _pending = new();

    private ReleasePaths(ControlFlowGraph graph, FlowResult flow)
    {
        _graph = graph;
        _source = flow.Source;
        _releases = [.. flow.Uses.Select(use => use.Value.Syntax)];
        _aliases = [.. flow.Aliases.Select(alias => alias.Syntax)];
    }

    public static bool Leaks(FlowResult flow, CancellationToken cancellationToken)
    {
        if (flow.Uses.Count == 0)
        {
            return true;
        }

        var function = flow.Source.EnclosingFunction();
        return flow.Uses.All(use => use.Value.EnclosingFunction() == function)
            && FunctionGraph.Of(flow.Root, function, cancellationToken) is { } graph
            && new ReleasePaths(graph, flow).LeaksFromSource();
    }

    private bool LeaksFromSource()
    {
        if (!Start())
        {
            return false;
        }

        while (_pending.Count > 0)
        {
            var (block, from) = _pending.Pop();
            if (Leaks(block, from))
            {
                return true;
            }
        }

        return false;
    }

    private bool Start()
    {
        foreach (var block in _graph.Blocks)
        {
            for (var index = 0; index < block.Operations.Length; index++)
            {
                if (IsSource(block.Operations[index]))
                {
                    if (!Releases(block.Operations[index]))
                    {
                        _pending.Push((block, index + 1));
                    }

                    return true;
                }
            }

            if (block.BranchValue is { } value && IsSource(value))
            {
                _pending.Push((block, block.Operations.Length));
                return true;
            }
        }

        return false;
    }

    /// <summary>Tells whether the value is lost in a block; where it is still held at the end, the way goes on.</summary>
    private bool Leaks(BasicBlock block, int from)
    {
        for (var index = from; index < block.Operations.Length; index++)
        {
            var operation = block.Operations[index];
            if (Releases(operation))
            {
                return false;
            }

            if (IsSource(operation) || (MayThrow(operation) && LeaksByException(block.EnclosingRegion)))
            {
                return true;
            }
        }

        if (block.BranchValue is { } value)
        {
            if (Releases(value))
            {
                return false;
            }

            if (MayThrow(value) && LeaksByException(block.EnclosingRegion))
            {
                return true;
            }
        }

        // The outcome that cannot be, or means that there is no value: nothing is held on its way.
        var free = block.BranchValue?.ConstantValue is { HasValue: true, Value: bool constant } ? !constant : NullCheck.WhenNull(block.BranchValue, _aliases);
        var taken = block.ConditionKind == ControlFlowConditionKind.WhenTrue;
        return (block.ConditionalSuccessor is { } conditional && free != taken && Leaks(conditional))
            || (block.FallThroughSuccessor is { } next && (block.ConditionalSuccessor is null || free != !taken) && Leaks(next));
    }

    private bool Leaks(ControlFlowBranch branch)
    {
        if (branch.FinallyRegions.Any(Releases))
        {
            return false;
        }

        if (branch.Semantics is ControlFlowBranchSemantics.Throw or ControlFlowBranchSemantics.Rethrow)
        {
            return LeaksByException(branch.Source.EnclosingRegion);
        }

        if (branch.Destination is not { } destination)
        {
            return false;
        }

        Visit(destination);
        return destination.Kind == BasicBlockKind.Exit;
    }

    private void Visit(BasicBlock block)
    {
        if (_seen.Add(block.Ordinal))
        {
            _pending.Push((block, 0));
        }
    }

    private bool LeaksByException(ControlFlowRegion? region)
    {
        for (; region is not null; region = region.EnclosingRegion)
        {
            if (region.Kind != ControlFlowRegionKind.Try)
            {
                continue;
            }

            var handlers = region.EnclosingRegion!;
            if (handlers.Kind == ControlFlowRegionKind.TryAndFinally && handlers.NestedRegions.Any(nested => nested.Kind == ControlFlowRegionKind.Finally && Releases(nested)))
            {
                return false;
            }

            if (handlers.Kind == ControlFlowRegionKind.TryAndCatch)
            {
                foreach (var handler in handlers.NestedRegions.Where(nested => nested != region && !Releases(nested)))
                {
                    Visit(_graph.Blocks[handler.FirstBlockOrdinal]);
                }

                return false;
            }
        }

        return true;
    }

    private bool Releases(ControlFlowRegion region)
    {
        for (var ordinal = region.FirstBlockOrdinal; ordinal <= region.LastBlockOrdinal; ordinal++)
        {
            var block = _graph.Blocks[ordinal];
            if (block.Operations.Any(Releases) || (block.BranchValue is { } value && Releases(value)))
            {
                return true;
            }
        }

        return false;
    }

    private bool Releases(IOperation operation) => operation.DescendantsAndSelf().Any(part => _releases.Contains(part.Syntax));

    private bool IsSource(IOperation operation) => operation.DescendantsAndSelf().Any(part => part.Syntax == _source.Syntax && part.Kind == _source.Kind);

    private bool MayThrow(IOperation operation) => operation.DescendantsAndSelf().Any(part => part is IInvocationOperation { TargetMethod.Name: "EnsureSuccessStatusCode" } && _aliases.Contains(part.Syntax));
}
