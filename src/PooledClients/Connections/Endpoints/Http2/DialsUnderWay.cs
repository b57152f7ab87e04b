using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>
/// The dials of a pool that have not ended. Its lock guards them, but for the count. A dial that nobody wants any more is given up where
/// it only waits, for its gap or its lease; a connect goes on, unless it is discarded.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The sources have no timer and no wait handle: nothing is left of them.")]
internal sealed class DialsUnderWay(IConnectionPool pool, EndpointDialer dialer)
{
    private CancellationTokenSource _waitedFor = new();
    private CancellationTokenSource _valid = new();
    private volatile int _count;

    // Dials of an older epoch are made with trust or settings that have changed: they count no more.
    private int _epoch;

    public int Count => _count;

    /// <param name="isForCalls">Whether calls wait for it; else it is to replace a connection, or is made ahead.</param>
    /// <param name="isAhead">Whether it yields to every other.</param>
    public void Start(bool isForCalls, bool isAhead = false)
    {
        _count++;

        // On no thread of a call, so that nothing of its context stays with the connection.
        ThreadPool.UnsafeQueueUserWorkItem(
            static dial => _ = dial.Dials.RunAsync(dial.Dial, dial.Token),
            (Dials: this, Dial: new Dial(_epoch, isAhead, _valid.Token), Token: (isForCalls ? _waitedFor : _valid).Token),
            preferLocal: false);
    }

    /// <summary>No call waits any more.</summary>
    public void Abandon()
    {
        if (_count > 0)
        {
            _ = _waitedFor.CancelAsync();
            _waitedFor = new CancellationTokenSource();
        }
    }

    /// <summary>What connections are made with has changed, or the pool is closed.</summary>
    public void Discard()
    {
        Abandon();
        _ = _valid.CancelAsync();
        _valid = new CancellationTokenSource();
        _count = 0;
        _epoch++;
    }

    /// <summary>A dial takes long, and may do better elsewhere; <see langword="false"/> when it has ended meanwhile or was discarded.</summary>
    public bool TryLeave(Dial dial)
    {
        if (dial.Epoch != _epoch || dial.IsLate || dial.IsEnded)
        {
            return false;
        }

        dial.IsLate = true;
        _count--;
        return true;
    }

    /// <summary>A dial has ended; <see langword="false"/> when it was discarded.</summary>
    public bool TryEnd(Dial dial)
    {
        if (dial.Epoch != _epoch)
        {
            return false;
        }

        dial.IsEnded = true;
        _count -= dial.IsLate ? 0 : 1;
        return true;
    }

    private async Task RunAsync(Dial dial, CancellationToken wanted)
    {
        try
        {
            if (await dialer.DialAsync(pool, dial, wanted).ConfigureAwait(false) is { } connection)
            {
                pool.Dialed(connection, dial);
            }
            else
            {
                pool.DialFailed(exception: null, dial);
            }
        }
        catch (OperationCanceledException) when (wanted.IsCancellationRequested)
        {
            pool.DialFailed(exception: null, dial);
        }
        catch (Exception exception)
        {
            pool.DialFailed(exception, dial);
        }
    }
}
