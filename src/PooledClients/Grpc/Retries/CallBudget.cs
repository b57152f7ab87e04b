using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Retries;

/// <summary>A client's way to the retry budget of its address: what it takes is counted, and what it may not take is explained.</summary>
internal sealed class CallBudget(RetryBudget budget, string address, RetryBudgetSettings settings, GrpcMetrics? metrics, ILogger? logger = null)
{
    /// <summary>What a call says that ends because the budget is spent.</summary>
    public string Spent { get; } = FormattableString.Invariant(
        $"the retry budget of {address} is spent: {settings.Ratio:0.##} of its calls plus {settings.PerSecond:0.##} a second");

    public void RecordCall() => budget.RecordCall();

    public bool TryTake()
    {
        var granted = budget.TryTake();
        metrics?.RetryAsked(address, granted);
        if (!granted)
        {
            logger?.RetryBudgetSpent(address);
        }

        return granted;
    }

    /// <summary>Takes an attempt that is made beside another one: the same budget, counted apart.</summary>
    public bool TryTakeHedge()
    {
        var granted = budget.TryTake();
        metrics?.HedgeAsked(address, granted);
        return granted;
    }
}
