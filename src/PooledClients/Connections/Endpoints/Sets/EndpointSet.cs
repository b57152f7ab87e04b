using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Logging;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>
/// The endpoints of one service: who they are, which of them are ready, and which one a call takes. Each has its own connections, backoff,
/// stream limits and health; one that leaves takes no call any more and finishes those that it has.
/// </summary>
internal sealed class EndpointSet : IServiceEndpoints, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly EndpointSettings _settings;
    private readonly Func<IEndpointOwner, EndPoint, string?, IEndpointConnections> _connect;
    private readonly Uri _serviceAddress;
    private readonly TimeSpan _connectTimeout;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly AddressWatch? _watch;
    private readonly RendezvousSubset _subset;
    private readonly EndpointRefresher _refresher;
    private readonly UseTicker _ticker;
    private readonly WaitingCalls _waiting;
    private readonly EjectionRule _ejections;
    private readonly TypicalLatency _typical = new();

    // Changed under _lock.
    private readonly EndpointMembers _members;

    // Replaced as a whole under _lock; read anywhere.
    private volatile EndpointPicker<Endpoint> _picker;
    private volatile Exception? _failure;
    private long _failedAt = long.MinValue;
    private volatile string? _serviceConfig;
    private volatile bool _isClosed;

    public EndpointSet(
        EndpointSettings settings,
        string service,
        Uri serviceAddress,
        TimeSpan connectTimeout,
        IEndpointOwner owner,
        Func<IEndpointOwner, EndPoint, string?, IEndpointConnections> connect,
        TimeProvider timeProvider,
        ILogger logger,
        AddressWatch? watch = null)
    {
        _settings = settings;
        Service = service;
        _serviceAddress = serviceAddress;
        _connectTimeout = connectTimeout;
        Owner = owner;
        _connect = connect;
        _timeProvider = timeProvider;
        _logger = logger;
        _watch = watch;
        _waiting = new WaitingCalls(this, timeProvider);
        _members = new EndpointMembers(Create);
        _ejections = new EjectionRule(_members, settings.Ejection, service, logger);
        _picker = new EndpointPicker<Endpoint>([], settings.Policy);
        _subset = new RendezvousSubset(settings.MaxEndpoints, (ulong)Random.Shared.NextInt64());
        _ticker = new UseTicker(EndpointLoad.TickInterval, Tick, timeProvider);
        _refresher = new EndpointRefresher(settings.Resolver, settings.Address, settings.RefreshInterval, connectTimeout, timeProvider, Update, ResolveFailed);
    }

    public IEndpointOwner Owner { get; }

    /// <summary>Gets the endpoints, ready or not.</summary>
    public IReadOnlyList<Endpoint> All => _members.Current;

    /// <summary>Gets the connections of all, also of those that left and only finish their calls.</summary>
    public IEnumerable<EndpointPool> Pools => _members.Current.Concat(_members.Leaving).Select(static endpoint => endpoint.Pool);

    /// <summary>Gets why the last look-up failed; none when it did not.</summary>
    public Exception? Failure => _failure;

    /// <summary>Gets when a look-up failed last.</summary>
    public long FailedAt => Volatile.Read(ref _failedAt);

    public bool IsClosed => _isClosed;

    /// <summary>Gets the service config that came with the endpoints, as JSON; none where none did.</summary>
    public string? ServiceConfig => _serviceConfig;

    /// <summary>Told when <see cref="ServiceConfig"/> is another.</summary>
    public event Action? ServiceConfigChanged;

    public string Service { get; }

    /// <summary>Gets how often an endpoint was left out for failures in a row, and for their share.</summary>
    public (long InARow, long ByRatio) Ejections => _ejections.Count;

    public long Now => _timeProvider.GetTimestamp();

    /// <summary>Picks the endpoint of a call.</summary>
    /// <param name="isStream">Whether for a streaming call.</param>
    /// <param name="other">The endpoint of an earlier attempt, which is left to the others where there are any.</param>
    /// <param name="isSpare">Whether the call will be made again elsewhere if it fails: it may try an endpoint that is left out.</param>
    /// <returns><see langword="null"/> when none is ready.</returns>
    public Endpoint? Pick(bool isStream, Endpoint? other = null, bool isSpare = false)
    {
        _refresher.Use();
        _ticker.Use();
        return _picker.Pick(isStream, other, isSpare) is { } picked && !_waiting.IsCrowded(picked) ? picked : null;
    }

    /// <summary>Waits until an endpoint is ready.</summary>
    /// <param name="isStream">Whether for a streaming call.</param>
    /// <param name="waitsForReady">Whether failed dials are waited out; a failed look-up is in any case where endpoints are known.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The endpoint; none when all have failed since, or there is none: <see cref="WhyNone"/> tells.</returns>
    public ValueTask<Endpoint?> WaitAsync(bool isStream, bool waitsForReady, CancellationToken cancellationToken) => _waiting.WaitAsync(isStream, waitsForReady, cancellationToken);

    /// <summary>Takes a connection of any endpoint that has room.</summary>
    public bool TryTakeAny([NotNullWhen(true)] out Http2Connection? connection)
    {
        connection = null;
        foreach (var endpoint in _picker.Ready)
        {
            if (endpoint.Pool.TryTake(out connection))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An endpoint that calls can do without, for another one is ready: the one that has the fewest.</summary>
    public Endpoint? Spare() =>
        _picker.Ready is { Length: > 1 } ready && !_waiting.Any ? ready.Where(static endpoint => endpoint.Load.Streams == 0).MinBy(static endpoint => endpoint.Load.InFlight) : null;

    /// <summary>Why no endpoint is to be had: how connecting failed, or looking them up.</summary>
    public Exception? WhyNone() => _members.Current.Select(static endpoint => endpoint.Connections.LastFailure).FirstOrDefault(static failure => failure is not null) ?? _failure;

    /// <summary>Whether there is an endpoint but this one that fares well.</summary>
    public bool HasOther(Endpoint endpoint) => Array.Exists(_members.Current, other => other != endpoint && other.IsReady && !other.Ejection.IsBad);

    public void End(Endpoint endpoint, bool isStream, EndpointOutcome outcome, long startedAt)
    {
        var now = Now;
        if (!isStream)
        {
            endpoint.Load.End(outcome, _timeProvider.GetElapsedTime(startedAt, now), _typical.Seconds, now);
        }

        if (_ejections.Report(endpoint, outcome))
        {
            Changed();
        }
    }

    public void Lost()
    {
        _refresher.Refresh();
        Changed();
    }

    public void Changed()
    {
        lock (_lock)
        {
            RefreshPickerLocked();
        }

        _waiting.LookAgain();
    }

    public Task<EndpointAnswer> ProbeAsync(EndpointPool pool) => EndpointProbe.RunAsync(pool, _serviceAddress, _connectTimeout, _timeProvider);

    public HealthWatch? WatchHealthAt(IEndpointConnections connections) => _settings.HealthCheck is { } service && connections is EndpointPool pool
        ? new HealthWatch(pool, service, _serviceAddress, Changed, _timeProvider)
        : null;

    public Task PauseAsync() => Task.Delay(Pause, _timeProvider);

    /// <summary>Picks and looks up no more; the pools are closed by who has made them.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            // Under the lock: an update that goes on has its endpoints among those that are closed, or sees it.
            _isClosed = true;
        }

        _refresher.Dispose();
        _ticker.Dispose();
        _watch?.Forget(Service);
        Array.ForEach(_members.Current, static endpoint => endpoint.Health?.Dispose());
        Changed();
    }

    private void Update(ResolvedEndpoints resolved)
    {
        IReadOnlyList<Endpoint> joined;
        IReadOnlyList<Endpoint> left;
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            (joined, left) = _members.Change(_subset.Take([.. resolved.EndPoints.Distinct()]), resolved.HostOverride);
            _failure = null;
        }

        _watch?.Reached(Service);
        if (_serviceConfig != resolved.ServiceConfig)
        {
            _serviceConfig = resolved.ServiceConfig;
            ServiceConfigChanged?.Invoke();
        }

        foreach (var endpoint in joined)
        {
            _logger.EndpointJoined(Service, endpoint);
            endpoint.Connections.Prepare();
        }

        Changed();
        foreach (var endpoint in left)
        {
            _logger.EndpointLeft(Service, endpoint);
            endpoint.Close();
        }
    }

    // The first ones are all new alike: none of them has to be spared.
    private Endpoint Create(EndPoint target, string? host, bool isFirst)
    {
        var isNew = !isFirst && _settings.SlowStart > TimeSpan.Zero;
        return new(
            this,
            target,
            owner => _connect(owner, target, host),
            new EndpointLoad(_typical.Seconds, isNew ? 0 : 1, EndpointLoad.ColdAnswers),
            new EndpointEjection(_settings.Ejection, _timeProvider),
            isNew);
    }

    private void ResolveFailed(Exception? exception)
    {
        _failure = exception ?? new InvalidOperationException($"The resolver of {Service} knows no endpoint.");
        Volatile.Write(ref _failedAt, Now);
        _logger.EndpointsNotResolved(Service, _failure.Message, _members.Current.Length);

        // With none that is known nobody else would tell that the service is out of reach.
        (_members.Current.Length == 0 && !_isClosed ? _watch : null)?.Failed(Service, _failure, EndpointRefresher.LeastGap);
        Changed();
    }

    // Ten times a second while there are calls, one at a time by the lock.
    private void Tick()
    {
        var now = Now;
        lock (_lock)
        {
            // Calls that wait see to their connections themselves.
            var (owed, sick) = _members.Tick(_typical.Seconds, _settings.SlowStart, preparesAhead: !_waiting.Any, now, _timeProvider);
            _members.Forget();
            RefreshPickerLocked();
            _picker.Owe(owed, sick);
            _typical.Update(_picker.Ready);
        }

        if (_waiting.Any)
        {
            _waiting.LookAgain();
        }
    }

    // Ten times a second, and mostly for nothing: a few bytes each.
    private void RefreshPickerLocked()
    {
        var ready = _isClosed ? [] : Array.FindAll(_members.Current, static endpoint => endpoint.IsReady);
        var well = Array.Exists(ready, static endpoint => endpoint.Ejection.State == EndpointHealth.Ejected)
            ? Array.FindAll(ready, static endpoint => endpoint.Ejection.State != EndpointHealth.Ejected)
            : ready;
        var picked = well.Length > 0 ? well : ready;
        if (!picked.AsSpan().SequenceEqual(_picker.Ready))
        {
            if (_picker.Ready.Length == 0)
            {
                _waiting.FirstIsReady();
            }

            _picker = new EndpointPicker<Endpoint>(picked, _settings.Policy);
        }
    }
}
