using System.Net;
using Microsoft.Extensions.Logging;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints;

/// <summary>
/// The endpoints of one service: who they are, which of them are ready, and which one a call takes. Each has its own connections, backoff,
/// stream limits and health; one that leaves takes no call any more and finishes those that it has.
/// </summary>
internal sealed class EndpointSet : IDisposable
{
    // Nothing is swept while nobody calls.
    private const int IdleTicksUntilStop = 50;

    private readonly Lock _lock = new();
    private readonly EndpointSettings _settings;
    private readonly Func<EndPoint, string?, EndpointPool> _createPool;
    private readonly string _service;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly RendezvousSubset _subset;
    private readonly EndpointRefresher _refresher;
    private readonly ITimer _ticker;
    private readonly Func<bool> _mayEject;

    // Replaced as a whole under _lock; read anywhere. _known completes when the resolver has answered for the first time, well or badly.
    private volatile Endpoint[] _all = [];
    private volatile EndpointPicker<Endpoint> _picker;
    private volatile TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? _failure;
    private volatile bool _disposed;

    // What a call to any endpoint takes, in seconds, from the last tick.
    private double _typicalSeconds = 0.001;

    // Calls set it, ticks count it up: the ticker runs while it is small.
    private int _idleTicks = IdleTicksUntilStop;

    public EndpointSet(
        EndpointSettings settings, string service, TimeSpan connectTimeout, Func<EndPoint, string?, EndpointPool> createPool, TimeProvider timeProvider, ILogger logger)
    {
        _settings = settings;
        _service = service;
        _createPool = createPool;
        _timeProvider = timeProvider;
        _logger = logger;
        _mayEject = MayEject;
        _picker = new EndpointPicker<Endpoint>([], settings.Policy);
        _subset = new RendezvousSubset(settings.MaxEndpoints, (ulong)Random.Shared.NextInt64());
        _ticker = timeProvider.CreateUncapturedTimer(static set => ((EndpointSet)set!).Tick(), this, Timeout.InfiniteTimeSpan);
        _refresher = new EndpointRefresher(settings.Resolver, settings.Address, settings.RefreshInterval, connectTimeout, timeProvider, Update, ResolveFailed);
    }

    /// <summary>Gets the endpoints, ready or not.</summary>
    public IReadOnlyList<Endpoint> All => _all;

    /// <summary>Gets why the last look-up failed; none when it did not.</summary>
    public Exception? Failure => _failure;

    /// <summary>Picks the endpoint of a call.</summary>
    /// <param name="isStream">Whether for a streaming call.</param>
    /// <param name="other">The endpoint of an earlier attempt, which is left to the others where there are any.</param>
    /// <returns><see langword="null"/> when none is known yet.</returns>
    public Endpoint? Pick(bool isStream, Endpoint? other = null)
    {
        _refresher.Use();
        if (Volatile.Read(ref _idleTicks) > 0)
        {
            Used();
        }

        // Where none is ready, any may become so first: those that are not are dialed for the calls that wait.
        return _picker.Pick(isStream, other);
    }

    /// <summary>Waits until the resolver has answered.</summary>
    public Task WaitUntilKnownAsync(CancellationToken cancellationToken) => _known.Task.WaitAsync(cancellationToken);

    /// <summary>A call has ended at an endpoint, or has been answered there if it is a stream.</summary>
    public void End(Endpoint endpoint, bool isStream, EndpointOutcome outcome, long startedAt)
    {
        var now = _timeProvider.GetTimestamp();
        if (!isStream)
        {
            endpoint.Load.End(outcome, _timeProvider.GetElapsedTime(startedAt, now), Volatile.Read(ref _typicalSeconds), now);
        }

        // What is well and was answered is the common case.
        if ((outcome != EndpointOutcome.Answered || endpoint.Ejection.IsWatched) && endpoint.Ejection.Report(outcome, _mayEject))
        {
            if (endpoint.Ejection.State == EndpointHealth.Ejected)
            {
                _logger.EndpointEjected(_service, endpoint, endpoint.Ejection.EjectedFor.TotalSeconds);
            }
            else
            {
                _logger.EndpointBack(_service, endpoint);
            }
        }
    }

    /// <summary>A connection was lost or could not be made: who is there may have changed.</summary>
    public void Lost() => _refresher.Refresh();

    public void Dispose()
    {
        _disposed = true;
        _refresher.Dispose();
        _ticker.Dispose();
        foreach (var endpoint in _all)
        {
            endpoint.Pool.Dispose();
        }
    }

    /// <summary>Takes no call any more; what is under way may come to its end.</summary>
    public void Close()
    {
        _disposed = true;
        _refresher.Dispose();
        _ticker.Dispose();
        foreach (var endpoint in _all)
        {
            endpoint.Pool.Close();
        }
    }

    private void Used()
    {
        if (Interlocked.Exchange(ref _idleTicks, 0) >= IdleTicksUntilStop && !_disposed)
        {
            _ticker.Change(EndpointLoad.TickInterval, EndpointLoad.TickInterval);
        }
    }

    private void Update(ResolvedEndpoints resolved)
    {
        var targets = _subset.Take([.. resolved.EndPoints.Distinct()]);
        List<Endpoint> left;
        List<Endpoint> joined = [];
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            var known = _all.ToDictionary(static endpoint => endpoint.Target);
            left = [.. _all.Where(endpoint => !targets.Contains(endpoint.Target))];
            var isFirst = _all.Length == 0;
            _all = [.. targets.Select(target => known.TryGetValue(target, out var endpoint) ? endpoint : Join(target, resolved.HostOverride, isFirst, joined))];
            _failure = null;
            RefreshPickerLocked();
        }

        _known.TrySetResult();
        joined.ForEach(endpoint => _logger.EndpointJoined(_service, endpoint));
        foreach (var endpoint in left)
        {
            _logger.EndpointLeft(_service, endpoint);
            endpoint.Pool.Close();
        }
    }

    private Endpoint Join(EndPoint target, string? host, bool isFirst, List<Endpoint> joined)
    {
        // The first ones are all new alike: none of them has to be spared.
        var now = _timeProvider.GetTimestamp();
        var endpoint = new Endpoint(
            target,
            _createPool(target, host),
            new EndpointLoad(_typicalSeconds, isFirst ? 1 : 0),
            new EndpointEjection(_settings.Ejection, _timeProvider),
            isFirst ? long.MinValue : now);
        joined.Add(endpoint);
        endpoint.Pool.Prepare();
        return endpoint;
    }

    private void ResolveFailed(Exception? exception)
    {
        _failure = exception ?? new InvalidOperationException($"The resolver of {_service} knows no endpoint.");
        _logger.EndpointsNotResolved(_service, _failure.Message, _all.Length);
        _known.TrySetResult();
    }

    // Ten times a second while there are calls, one at a time by the lock.
    private void Tick()
    {
        if (_disposed)
        {
            return;
        }

        if (Interlocked.Increment(ref _idleTicks) >= IdleTicksUntilStop)
        {
            _ticker.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        var now = _timeProvider.GetTimestamp();
        lock (_lock)
        {
            foreach (var endpoint in _all)
            {
                endpoint.Ejection.Tick();
                if (endpoint.Load.Tick(ShareOf(endpoint, now), now, _timeProvider) && endpoint.IsReady)
                {
                    _picker.Owe(endpoint);
                }

                if (!endpoint.IsReady)
                {
                    endpoint.Pool.Prepare();
                }
            }

            RefreshPickerLocked();
            Volatile.Write(ref _typicalSeconds, Typical());
        }
    }

    private double ShareOf(Endpoint endpoint, long now) => _settings.SlowStart <= TimeSpan.Zero || endpoint.JoinedAt == long.MinValue
        ? 1
        : Math.Min(1, _timeProvider.GetElapsedTime(endpoint.JoinedAt, now) / _settings.SlowStart);

    private double Typical()
    {
        var latencies = _picker.Ready.Select(static endpoint => endpoint.Load.LatencySeconds).Order().ToArray();
        return latencies.Length == 0 ? _typicalSeconds : latencies[latencies.Length / 2];
    }

    private void RefreshPickerLocked()
    {
        var ready = _all.Where(static endpoint => endpoint.IsReady && endpoint.Ejection.State != EndpointHealth.Ejected).ToArray();
        if (ready.Length == 0)
        {
            ready = [.. _all.Where(static endpoint => endpoint.IsReady)];
        }

        if (ready.Length == 0)
        {
            ready = _all;
        }

        if (!ready.SequenceEqual(_picker.Ready))
        {
            _picker = new EndpointPicker<Endpoint>(ready, _settings.Policy);
        }
    }

    // At most the configured share is out at a time, and never the last one that is ready.
    private bool MayEject()
    {
        var all = _all;
        var ejected = all.Count(static endpoint => endpoint.Ejection.State == EndpointHealth.Ejected);
        return ejected + 1 <= all.Length * _settings.Ejection.MaxEjectedRatio && all.Length > 1;
    }
}
