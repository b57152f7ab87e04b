using Microsoft.Extensions.Logging;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Dialing;

/// <summary>
/// Runs an attempt to open a connection again, after 10 ms doubling to 1 s, for as long as it fails for want of a descriptor and the
/// token lets it, which the owner of the address cancels when no call waits any more. Each attempt has a connect timeout of its own.
/// </summary>
internal sealed class LocalFaultRetry(TimeProvider timeProvider, ConnectionGate gate, PooledClientsMetrics metrics, ILogger<LocalFaultRetry> logger)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    public async ValueTask<T> RunAsync<T>(string address, Func<CancellationToken, ValueTask<T>> attempt, CancellationToken cancellationToken)
    {
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            try
            {
                return await attempt(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (LocalFault.IsOutOfDescriptors(e) && !cancellationToken.IsCancellationRequested)
            {
                gate.NotifyExhausted();
                metrics.DescriptorFault(address);
                if (delay == FirstDelay)
                {
                    logger.ConnectOutOfDescriptors(address, e);
                }
            }

            await Task.Delay(delay, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }
}
