using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Diagnostics;

namespace PooledClients.Connections;

/// <summary>
/// What lives for years under one or more channels: over HTTP/2 a pool of connections an endpoint, otherwise the current generation of
/// a handler of the runtime's. New trust, identity or network retires their connections under live calls.
/// </summary>
internal sealed class Transport : IReclaimable, IDisposable
{
    private readonly Lock _lock = new();
    private readonly IReadOnlyList<Action<SocketsHttpHandler>> _configure;
    private readonly TransportServices _services;
    private readonly IDisposable? _trustChange;

    // Replaced under _lock.
    private readonly Generations _generations;
    private readonly TransportEndpoints _endpoints;
    private volatile bool _disposed;
    private long _lastUsed;

    public Transport(TransportKey key, IReadOnlyList<Action<SocketsHttpHandler>> configure, TransportServices services)
    {
        Key = key;
        PingDelay = key.Connection.KeepAlivePingDelay;
        Backoff = new ConnectBackoff(services.TimeProvider);
        Reachability = new Reachability(Address, Backoff, services.Diagnostics?.Addresses);
        Connector = new Connector(key.Tls, key.Connection, services.Dials, services.Diagnostics?.For(key.Kind, key.DisplayName));
        _configure = configure;
        _services = services;
        _lastUsed = services.TimeProvider.GetTimestamp();
        _generations = new Generations(number => new Generation(number, key, CreateHandler(), Connector, Idle, services));

        // Before the first generation reads trust and identity, so that no change after that is missed.
        _trustChange = key.Tls?.OnChange(OnTrustChanged);
        try
        {
            lock (_lock)
            {
                _generations.Next();
            }
        }
        catch
        {
            _trustChange?.Dispose();
            throw;
        }

        _endpoints = new TransportEndpoints(this, services, CreateHandler);
        services.Gate.AddReclaimable(this);
    }

    /// <summary>Its number in diagnostics.</summary>
    public long Id { get; } = DiagnosticIds.Next();

    public TransportKey Key { get; }

    public Connector Connector { get; }

    /// <summary>Gets the pool of the one address of a gRPC transport; none through a proxy, whose connections are the runtime's, or of several endpoints.</summary>
    public EndpointPool? Endpoint => _endpoints.Only;

    /// <summary>Gets the endpoints of the address; none where it is one endpoint.</summary>
    public EndpointSet? Set => _endpoints.Set;

    /// <summary>Gets the time without traffic after which a ping is sent; doubled whenever the server has had too many. Written under the lock.</summary>
    public TimeSpan? PingDelay { get; private set; }

    public bool IsDisposed => _disposed;

    /// <summary>Gets when the next dial is due after failed ones.</summary>
    public ConnectBackoff Backoff { get; }

    /// <summary>Gets what is told of the connects that the runtime makes for its calls.</summary>
    public Reachability Reachability { get; }

    /// <summary>Gets why connecting failed last; none when it did not.</summary>
    public Exception? LastFailure => Set is null ? Backoff.Failure?.Exception : Set.WhyNone();

    public string Address => Key.DisplayName;

    public Generation Current => _generations.Current;

    /// <summary>Gets the generations that still have anything, the current one last.</summary>
    public IReadOnlyList<Generation> Generations
    {
        get
        {
            lock (_lock)
            {
                return _generations.All;
            }
        }
    }

    public IEnumerable<EndpointPool> Endpoints => _endpoints.All;

    public int Connections => Generations.Sum(static generation => generation.Connections) + Endpoints.Sum(static pool => pool.Connections.Current.Length + pool.Dialing);

    /// <summary>Gets the connections that are up, those that only finish their calls included.</summary>
    public int Up => Generations.SelectMany(static generation => generation.Destinations).Sum(static destination => destination.Up)
        + Endpoints.Sum(static pool => pool.Connections.Current.Length + pool.Connections.Retired.Length);

    public long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Told the stream limit of each connection whose server names one.</summary>
    public event Action<int>? StreamLimitLearned
    {
        add => _endpoints.StreamLimitLearned += value;
        remove => _endpoints.StreamLimitLearned -= value;
    }

    /// <summary>Gets the calls in flight, open streams included.</summary>
    public int InFlight => Generations.Sum(static generation => generation.InFlight) + Endpoints.Sum(static pool => pool.Connections.InFlight);

    /// <summary>Gets the pool that a request's connections come from; none when the runtime picks them.</summary>
    public EndpointPool? EndpointOf(HttpRequestMessage request) => _endpoints.Of(request);

    /// <summary>Gets the endpoints that a request may go to; none where its address is one endpoint, or another one's.</summary>
    public EndpointSet? SetOf(HttpRequestMessage request) => _endpoints.SetOf(request);

    /// <summary>Counts a request on the current generation; the caller gives it back by <see cref="Generation.Exit"/>.</summary>
    public Generation Enter()
    {
        while (true)
        {
            var generation = Current;
            if (generation.TryEnter())
            {
                return generation;
            }

            ObjectDisposedException.ThrowIf(_disposed, typeof(IGrpcChannelPool));
        }
    }

    /// <summary>Has new calls dial anew where <paramref name="seen"/> is still in use: many of its calls replace it once. Those in flight finish where they are.</summary>
    public void Replace(string reason, Generation seen)
    {
        lock (_lock)
        {
            if (_disposed || Current != seen)
            {
                return;
            }

            ReplaceLocked(reason: null);
            _services.Diagnostics?.Metrics.GenerationReplaced(Address, reason);
        }

        RetireConnections();
    }

    /// <summary>The server has had too many pings: new connections send half as many (gRFC A8).</summary>
    /// <param name="seen">The ping delay of the connection that said so: many calls of it double the delay once.</param>
    public void SlowPings(TimeSpan? seen)
    {
        lock (_lock)
        {
            if (_disposed || PingDelay is not { } delay || delay != seen)
            {
                return;
            }

            PingDelay = delay * 2;
            ReplaceLocked($"its server answered too_many_pings; the next ping delay is {PingDelay}");
        }

        RetireConnections();
    }

    public int Reclaim()
    {
        var ofRuntime = Generations.Sum(static generation => generation.Connections);
        bool isIdle;
        lock (_lock)
        {
            // A dial that waits for room is nothing that could be given back, and who waits for it is not idle.
            if (_disposed || Current.Connections + Endpoints.Sum(static pool => pool.Connections.Current.Length) == 0 || Endpoints.Any(static pool => pool.Waiting > 0))
            {
                return 0;
            }

            isIdle = Current.IsIdle && InFlight == 0;
            if (isIdle)
            {
                _services.Logger.PoolReclaimed(Address, Connections, Current.Number);
                ReplaceLocked(reason: null);
            }
        }

        return isIdle ? ofRuntime + _endpoints.GiveBackUnused() : _endpoints.GiveBackSpare() + (Key.IsMultiplexed ? 0 : IdleDestinations.Close(Current));
    }

    /// <summary>Takes no request any more; what is still read from its connections may come to its end.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _generations.Retire();
        }

        _endpoints.Close();
        foreach (var destination in Generations.SelectMany(static generation => generation.Destinations))
        {
            _services.Diagnostics?.Addresses.Forget(destination.Address);
        }

        _trustChange?.Dispose();
        _services.Gate.RemoveReclaimable(this);
    }

    /// <summary>
    /// Closes what it has: at once over HTTP/2, whose calls have been drained. A body that HTTP/1.1 still brings may be read to its end for a
    /// while, as from a plain client whose handler is disposed.
    /// </summary>
    public void Dispose()
    {
        Retire();
        if (Key.IsMultiplexed || Up == 0 || _services.DrainTimeout == TimeSpan.Zero)
        {
            CloseAll();
            return;
        }

        ITimer? timer = null;
        timer = _services.TimeProvider.CreateUncapturedTimer(
            _ =>
            {
                CloseAll();
                timer?.Dispose();
            },
            state: null, _services.DrainTimeout);
    }

    /// <summary>Closes everything at once.</summary>
    public void CloseAll()
    {
        Retire();
        _endpoints.CloseAll();
        lock (_lock)
        {
            _generations.CloseAll();
        }
    }

    /// <summary>Called when the last call to one of its addresses has ended.</summary>
    public void Idle()
    {
        Volatile.Write(ref _lastUsed, _services.TimeProvider.GetTimestamp());
        _services.Gate.NotifyIdle(this);
    }

    private void OnTrustChanged()
    {
        _generations.TrustChanged();
        lock (_lock)
        {
            if (!_disposed && _generations.IsOutOfDate)
            {
                ReplaceLocked("its certificates changed");
            }
        }

        RetireConnections();
    }

    private SocketsHttpHandler CreateHandler() => HandlerFactory.Create(Key, PingDelay, _configure, _services.Meters);

    // None before the constructor is through: a change of trust may come meanwhile.
    private void RetireConnections() => Volatile.Read(in _endpoints)?.RetireAll();

    private void ReplaceLocked(string? reason)
    {
        _generations.Next();
        if (reason is not null)
        {
            _services.Logger.GenerationReplaced(Address, Current.Number - 1, reason);
            // What follows a semicolon differs from time to time, which is not for an attribute.
            _services.Diagnostics?.Metrics.GenerationReplaced(Address, reason.Split(';')[0]);
        }
    }
}
