using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using PooledClients.Connections.Budget.Leases;
using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Budget;

/// <summary>
/// Says once a crossing that descriptors run low or have run out, and who of the pooled clients holds how many. It is said on the
/// thread pool: a logger may block, and the guardian must not.
/// </summary>
internal sealed class DescriptorAlarm(Func<BudgetState> capture, PooledClientsMetrics metrics, ILogger logger)
{
    private bool _near;
    private bool _exhausted;

    /// <summary>Goes through what is to be said, before it is: code that is first run when no descriptor is left cannot be loaded.</summary>
    public void Rehearse()
    {
        LeaseQueueState[] addresses = [new("a", Cap: 1, InUse: 1, Waiting: 0), new("b", Cap: 2, InUse: 2, Waiting: 1), new("c", Cap: 3, InUse: 3, Waiting: 0)];
        var state = new BudgetState(new DescriptorReading(1, 1, 1), Budget: 1, InUse: 1, addresses);
        _ = BudgetReport.For("a", state);
        RuntimeHelpers.RunClassConstructor(typeof(Log).TypeHandle);
        _ = logger.IsEnabled(LogLevel.Error);
        DescriptorGuardian.Say(static () => { });
    }

    /// <param name="reading">The process's descriptors.</param>
    /// <param name="released">How many the reserve released just now, since there were no others; <see langword="null"/> otherwise.</param>
    public void Look(DescriptorReading reading, int? released)
    {
        if (reading.Limit is not int limit)
        {
            return;
        }

        if (released is int given && !_exhausted)
        {
            (_near, _exhausted) = (true, true);
            metrics.DescriptorsExhausted();
            var state = capture();
            DescriptorGuardian.Say(() => logger.DescriptorsExhausted(reading.Open, limit, given, state.InUse, state.Budget, BudgetReport.Holders(state.Holders)));
        }
        else if (reading.Share >= DescriptorLevels.Near && !_near)
        {
            _near = true;
            var state = capture();
            DescriptorGuardian.Say(() => logger.DescriptorsNearLimit(
                reading.Open, limit, DescriptorLimits.HighWaterMark(limit), state.InUse, state.Budget, BudgetReport.Holders(state.Holders)));
        }
        else if (reading.Share < DescriptorLevels.NearEnds && _near)
        {
            (_near, _exhausted) = (false, false);
            DescriptorGuardian.Say(() => logger.DescriptorsRecovered(reading.Open, limit));
        }
    }
}
