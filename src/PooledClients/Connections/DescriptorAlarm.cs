using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Connections;

/// <summary>
/// Says once a crossing that descriptors run low or have run out, and who of the pooled clients holds how many. It is said on the
/// thread pool: a logger may block, and the guardian must not.
/// </summary>
internal sealed class DescriptorAlarm(PooledClientsMetrics metrics, ILogger logger)
{
    private bool _near;
    private bool _exhausted;

    /// <param name="reading">The process's descriptors.</param>
    /// <param name="released">How many the reserve released just now, since there were no others; <see langword="null"/> otherwise.</param>
    /// <param name="gate">Tells who holds what.</param>
    public void Look(DescriptorReading reading, int? released, ConnectionGate gate)
    {
        if (reading.Limit is not int limit)
        {
            return;
        }

        if (released is int given && !_exhausted)
        {
            (_near, _exhausted) = (true, true);
            metrics.DescriptorsExhausted();
            var state = gate.Capture();
            Say(() => logger.DescriptorsExhausted(reading.Open, limit, given, state.InUse, state.Budget, BudgetReport.Holders(state.Holders)));
        }
        else if (reading.Share >= DescriptorLevels.Near && !_near)
        {
            _near = true;
            var state = gate.Capture();
            Say(() => logger.DescriptorsNearLimit(
                reading.Open, limit, DescriptorLimits.HighWaterMark(limit), state.InUse, state.Budget, BudgetReport.Holders(state.Holders)));
        }
        else if (reading.Share < DescriptorLevels.NearEnds && _near)
        {
            (_near, _exhausted) = (false, false);
            Say(() => logger.DescriptorsRecovered(reading.Open, limit));
        }
    }

    private static void Say(Action log) => ThreadPool.UnsafeQueueUserWorkItem(static log => log(), log, preferLocal: false);
}
