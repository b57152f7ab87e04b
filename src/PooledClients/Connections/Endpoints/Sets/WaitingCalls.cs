namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>The calls that wait until an endpoint of a set is ready.</summary>
internal sealed class WaitingCalls(EndpointSet set, TimeProvider timeProvider)
{
    // How long calls that have waited for the first endpoint wait for the others, where it has its share of them.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    // Completed and exchanged whenever a call that waits should look again.
    private TaskCompletionSource _changed = CreateSignal();

    // Interlocked.
    private int _count;

    // Since when there is one that is ready.
    private long _readySince;

    public bool Any => Volatile.Read(ref _count) > 0;

    /// <summary>An endpoint is ready, and none was.</summary>
    public void FirstIsReady() => Volatile.Write(ref _readySince, timeProvider.GetTimestamp());

    public void LookAgain() => Interlocked.Exchange(ref _changed, CreateSignal()).TrySetResult();

    /// <inheritdoc cref="EndpointSet.WaitAsync"/>
    public async ValueTask<Endpoint?> WaitAsync(bool isStream, bool waitsForReady, CancellationToken cancellationToken)
    {
        var since = timeProvider.GetTimestamp();
        Interlocked.Increment(ref _count);
        try
        {
            while (!set.IsClosed)
            {
                // Before the look, so that what happens after it ends the wait.
                var changed = Volatile.Read(ref _changed).Task;
                var all = set.All;
                if (set.Pick(isStream) is { } endpoint)
                {
                    if (!IsCrowded(endpoint, all))
                    {
                        return endpoint;
                    }
                }
                else if (!waitsForReady && (all.Count == 0 ? set.Failure is not null : all.All(endpoint => endpoint.DialFailedAt >= since || endpoint.Health is { IsRefusing: true })))
                {
                    return null;
                }
                else
                {
                    foreach (var unready in all)
                    {
                        unready.Connections.Prepare();
                    }
                }

                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }

    private static TaskCompletionSource CreateSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Of calls that have waited for the first endpoint it takes its share; the rest wait a moment longer for the others.
    private bool IsCrowded(Endpoint endpoint, IReadOnlyList<Endpoint> all)
    {
        if (timeProvider.GetElapsedTime(Volatile.Read(ref _readySince)) > Moment || all.All(static other => other.IsReady || other.HasDialFailed))
        {
            return false;
        }

        var calls = Volatile.Read(ref _count) + all.Sum(static other => other.Load.InFlight + other.Load.Streams);
        return (endpoint.Load.InFlight + endpoint.Load.Streams) * all.Count >= calls;
    }
}
