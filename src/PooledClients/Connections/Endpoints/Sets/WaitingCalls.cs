using PooledClients.Connections.Endpoints.Http2;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>The calls that wait until an endpoint of a set is ready.</summary>
internal sealed class WaitingCalls(EndpointSet set, TimeProvider timeProvider)
{
    // How long the first endpoint that is ready takes no more than its share, and how much more than that it takes while nobody waits.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);
    private const int Slack = 8;

    // Completed and exchanged whenever a call that waits should look again.
    private TaskCompletionSource _changed = CreateSignal();

    // Interlocked.
    private int _count;

    // Since when there is one that is ready, and whether others are expected still.
    private long _readySince;
    private volatile bool _isGathering;

    public bool Any => Volatile.Read(ref _count) > 0;

    /// <summary>An endpoint is ready, and none was.</summary>
    public void FirstIsReady()
    {
        foreach (var endpoint in set.All)
        {
            endpoint.Load.Mark();
        }

        Volatile.Write(ref _readySince, timeProvider.GetTimestamp());
        _isGathering = true;
    }

    /// <summary>Whether an endpoint has its share of the calls of a burst that came before the others were ready: they are waited for, for a moment.</summary>
    public bool IsCrowded(Endpoint endpoint)
    {
        if (!_isGathering)
        {
            return false;
        }

        var all = set.All;
        if (timeProvider.GetElapsedTime(Volatile.Read(ref _readySince)) > Moment || all.All(static other => other.IsReady || other.HasDialFailed))
        {
            _isGathering = false;
            return false;
        }

        var waiting = Volatile.Read(ref _count);
        var calls = waiting + all.Sum(static other => other.Load.PicksSinceMark);
        return (endpoint.Load.PicksSinceMark - (waiting == 0 ? Slack : 0)) * all.Count >= calls;
    }

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
                    return endpoint;
                }

                // What failed before this call came may be long ago, and over.
                if (!waitsForReady && (all.Count == 0 ? set.FailedAt >= since : all.All(endpoint => endpoint.DialFailedAt >= since || endpoint.Health is { IsRefusing: true })))
                {
                    return null;
                }

                Prepare(all);
                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            return null;
        }
        catch (OperationCanceledException) when (Explain() is { } budget)
        {
            // Asked before the last call leaves, and the dial with it.
            throw new OperationCanceledException(budget.Message, budget, cancellationToken);
        }
        finally
        {
            if (Interlocked.Decrement(ref _count) == 0)
            {
                foreach (var endpoint in set.All)
                {
                    endpoint.Connections.Abandon();
                }
            }
        }
    }

    // One waits in line for room within the budget; the others are made where nobody waits for it.
    private static void Prepare(IReadOnlyList<Endpoint> all)
    {
        var first = all.MinBy(static endpoint => endpoint.DialFailedAt);
        foreach (var endpoint in all)
        {
            endpoint.Connections.Prepare(isWaitedFor: endpoint == first);
        }
    }

    private ConnectionBudgetException? Explain() =>
        set.All.Select(static endpoint => (endpoint.Connections as EndpointPool)?.Budget.Explain()).FirstOrDefault(static budget => budget is not null);

    private static TaskCompletionSource CreateSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
