using System.Net;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>
/// Keeps what a resolver says up to date: asked at first use, at each interval while the service is used, at a change token's word, when
/// something was lost, and each second while nothing is known. The last good answer stays in force whatever comes after it.
/// </summary>
internal sealed class EndpointRefresher : IDisposable
{
    /// <summary>However often something is lost, a resolver is asked no more than once in so long.</summary>
    public static readonly TimeSpan LeastGap = TimeSpan.FromSeconds(1);

    private readonly IEndpointResolver _resolver;
    private readonly Uri _address;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _timeProvider;
    private readonly Action<ResolvedEndpoints> _update;
    private readonly Action<Exception?> _failed;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _lock = new();
    private readonly ITimer _timer;

    // All guarded by _lock. A look-up is under way from _asking until it ends: there is never a second one. Who asks meanwhile has it
    // asked again after it, since the answer may be of before the loss.
    private bool _asking;
    private bool _again = true;
    private bool _used;
    private bool _hasAnswer;
    private long _askedAt;
    private IDisposable? _change;

    public EndpointRefresher(
        IEndpointResolver resolver, Uri address, TimeSpan interval, TimeSpan timeout, TimeProvider timeProvider, Action<ResolvedEndpoints> update, Action<Exception?> failed)
    {
        _resolver = resolver;
        _address = address;
        _interval = interval;
        _timeout = timeout;
        _timeProvider = timeProvider;
        _update = update;
        _failed = failed;
        _askedAt = timeProvider.GetTimestamp() - (long)(LeastGap.TotalSeconds * timeProvider.TimestampFrequency);
        _timer = timeProvider.CreateUncapturedTimer(static state => ((EndpointRefresher)state!).OnTimer(), this, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The service is used: the interval goes on. Called for each call, so it costs a read where nothing is to do.</summary>
    public void Use()
    {
        if (!Volatile.Read(ref _used))
        {
            Volatile.Write(ref _used, true);
            lock (_lock)
            {
                ScheduleLocked();
            }
        }
    }

    /// <summary>Asks at once, or as soon as the least gap is over.</summary>
    public void Refresh()
    {
        lock (_lock)
        {
            _again = true;
            ScheduleLocked();
        }
    }

    public void Dispose()
    {
        _disposed.Cancel();
        _timer.Dispose();
        IDisposable? change;
        lock (_lock)
        {
            (change, _change) = (_change, null);
        }

        change?.Dispose();
    }

    private void ScheduleLocked()
    {
        if (_asking || _disposed.IsCancellationRequested)
        {
            return;
        }

        var since = _timeProvider.GetElapsedTime(_askedAt);
        var due = (_again || !_hasAnswer ? LeastGap : _interval) - since;
        _timer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            if (_asking || _disposed.IsCancellationRequested || !(_again || _used))
            {
                return;
            }

            _asking = true;
            _again = false;
            _used = false;
            _askedAt = _timeProvider.GetTimestamp();
        }

        _ = AskAsync();
    }

    private async Task AskAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(_timeout, _timeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _disposed.Token);
            var resolved = await _resolver.ResolveAsync(_address, either.Token).AsTask().WaitAsync(either.Token).ConfigureAwait(false);
            Follow(resolved);
            if (resolved.EndPoints.Count == 0)
            {
                _failed(null);
            }
            else
            {
                Volatile.Write(ref _hasAnswer, true);
                _update(resolved);
            }
        }
#pragma warning disable CA1031 // Whatever the resolver throws, the last good answer stays; the failure is handed on to be told.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (!_disposed.IsCancellationRequested)
            {
                _failed(exception);
            }
        }
        finally
        {
            lock (_lock)
            {
                _asking = false;
                if (_again || _used)
                {
                    ScheduleLocked();
                }
            }
        }
    }

    // Registered and disposed of under no lock: both may call back, or wait for a callback that asks for the lock.
    private void Follow(ResolvedEndpoints resolved)
    {
        var change = resolved.ChangeToken?.RegisterChangeCallback(static state => ((EndpointRefresher)state!).Refresh(), this);
        lock (_lock)
        {
            if (!_disposed.IsCancellationRequested)
            {
                (_change, change) = (change, _change);
            }
        }

        change?.Dispose();
    }
}
