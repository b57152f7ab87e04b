using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Diagnostics;

namespace PooledClients.Connections;

/// <summary>
/// What lives for years under one or more channels: over HTTP/2 a pool of connections an endpoint, otherwise the current generation of
/// a handler of the runtime's. New trust, identity or network retires their connections under live calls.
/// </summary>
internal sealed class Transport : IReclaimable, IEndpointOwner, IDisposable
{
    // A request may be queued for a connection of a replaced handler; past this age the handler goes all the same.
    private static readonly TimeSpan RetiredAge = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly IReadOnlyList<Action<SocketsHttpHandler>> _configure;
    private readonly TransportServices _services;
    private readonly IDisposable? _trustChange;
    private readonly TimeSpan _idleTimeout;

    // One a name that the server's certificate has to have and an address; only grows, by what requests ask for.
    private readonly ConcurrentDictionary<(string Scheme, string Authority, int Port, string? Host), Lazy<EndpointPool>> _endpoints = new();

    // Replaced generations until their handler is disposed and their last connection is closed; guarded by _lock.
    private readonly List<Generation> _retired = [];

    // Written under _lock; a reader that finds it replaced tries again.
    private volatile Generation _current;
    private volatile bool _disposed;
    private long _lastUsed;

    public Transport(TransportKey key, IReadOnlyList<Action<SocketsHttpHandler>> configure, TransportServices services)
    {
        Key = key;
        PingDelay = key.Connection.KeepAlivePingDelay;
        Backoff = new ConnectBackoff(services.TimeProvider);
        Connector = new Connector(key.Tls, key.Connection, services.Handshakes, services.LocalFaultRetry, services.TimeProvider);
        _configure = configure;
        _services = services;
        _lastUsed = services.TimeProvider.GetTimestamp();
        var handler = CreateHandler();
        _idleTimeout = handler.PooledConnectionIdleTimeout;
        if (key is { IsMultiplexed: true, Address: { } address } && !IsProxied(handler, address.ChannelAddress))
        {
            Endpoint = CreateEndpoint(address, address.ChannelAddress.IdnHost);
            Set = key.Endpoints is null
                ? null
                : new EndpointSet(key.Endpoints, address.ToString(), key.Connection.ConnectTimeout, CreateEndpoint, services.TimeProvider, services.Logger);
        }

        _current = new Generation(number: 1, this, handler, services);
        _trustChange = key.Tls?.OnChange(() => Replace("its certificates changed"));
        services.Gate.AddReclaimable(this);
    }

    public TransportKey Key { get; }

    public Connector Connector { get; }

    /// <summary>Gets the pool of the one address of a gRPC transport; none through a proxy, whose connections are the runtime's.</summary>
    public EndpointPool? Endpoint { get; }

    /// <summary>Gets the endpoints of the address; none where it is one endpoint.</summary>
    public EndpointSet? Set { get; }

    /// <summary>Gets the time without traffic after which a ping is sent; doubled whenever the server has had too many. Written under the lock.</summary>
    public TimeSpan? PingDelay { get; private set; }

    public bool IsDisposed => _disposed;

    /// <summary>Gets when the next dial is due after failed ones.</summary>
    public ConnectBackoff Backoff { get; }

    public string Address => Key.DisplayName;

    public Generation Current => _current;

    /// <summary>Gets the generations that still have anything, the current one last.</summary>
    public IReadOnlyList<Generation> Generations
    {
        get
        {
            lock (_lock)
            {
                return [.. _retired, _current];
            }
        }
    }

    public IEnumerable<EndpointPool> Endpoints
    {
        get
        {
            var others = _endpoints.Values.Where(static pool => pool.IsValueCreated).Select(static pool => pool.Value);
            others = Set is null ? others : others.Concat(Set.All.Select(static endpoint => endpoint.Pool));
            return Endpoint is null ? others : others.Prepend(Endpoint);
        }
    }

    public int Connections => Generations.Sum(static generation => generation.Connections) + Endpoints.Sum(static pool => pool.Connections.Count + pool.Dialing);

    /// <summary>Gets the connections that are up, those that only finish their calls included.</summary>
    public int Up => Generations.SelectMany(static generation => generation.Destinations).Sum(static destination => destination.Up)
        + Endpoints.Sum(static pool => pool.Connections.Count + pool.Retired.Count);

    public long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Told the stream limit of each connection whose server names one.</summary>
    public event Action<int>? StreamLimitLearned;

    /// <summary>Gets the calls in flight, open streams included.</summary>
    public int InFlight => Generations.Sum(static generation => generation.InFlight) + Endpoints.Sum(static pool => pool.InFlight);

    /// <summary>
    /// Gets the pool that a request's connections come from; none when the runtime picks them: for HTTP/1.1, and through a proxy.
    /// </summary>
    public EndpointPool? EndpointOf(HttpRequestMessage request)
    {
        if (Endpoint is null || request.Version.Major != 2)
        {
            return null;
        }

        // A handler in front may have sent the request elsewhere, or to another host at the same address.
        var uri = request.RequestUri!;
        var host = request.Headers.Host;
        return host is null && Key.Address!.IsAt(uri) ? Endpoint : _endpoints.GetOrAdd(
            (uri.Scheme, uri.IdnHost, uri.Port, host),
            static (key, transport) => new Lazy<EndpointPool>(() => transport.CreateEndpoint(key.Scheme, key.Authority, key.Port, key.Host)),
            this).Value;
    }

    /// <summary>Counts a request on the current generation; the caller gives it back by <see cref="Generation.Exit"/>.</summary>
    public Generation Enter()
    {
        while (true)
        {
            var generation = _current;
            if (generation.TryEnter())
            {
                return generation;
            }

            ObjectDisposedException.ThrowIf(_disposed, typeof(IGrpcChannelPool));
        }
    }

    /// <summary>Sends a request on the current generation, for handlers that need nothing of it but its count.</summary>
    /// <param name="request">The request.</param>
    /// <param name="call">Tells whether a connection has taken the request; unknown without.</param>
    /// <param name="cancellationToken">Ends the wait. When it was for room within the budget, the exception's cause says so.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, IPendingCall? call, CancellationToken cancellationToken)
    {
        var generation = Enter();
        var destination = generation.GetDestination(request);
        destination.BeginCall();
        try
        {
            return await generation.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call is { IsPending: true } && destination.Gate.Explain() is { } budget)
        {
            throw new OperationCanceledException(budget.Message, budget, cancellationToken);
        }
        finally
        {
            generation.Exit();
            destination.EndCall();
        }
    }

    /// <summary>Has new calls dial anew; those in flight finish where they are.</summary>
    public void Replace(string reason)
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _services.Logger.GenerationReplaced(Address, _current.Number, reason);
                ReplaceLocked();
            }
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
            _services.Logger.GenerationReplaced(Address, _current.Number, $"its server answered too_many_pings; the next ping delay is {PingDelay}");
            ReplaceLocked();
        }

        RetireConnections();
    }

    public bool TryReclaimIdle()
    {
        lock (_lock)
        {
            if (_disposed || !_current.IsIdle || InFlight > 0 || Connections == 0)
            {
                return false;
            }

            _services.Logger.PoolReclaimed(Address, Connections, _current.Number);
            ReplaceLocked();
        }

        foreach (var pool in Endpoints)
        {
            pool.RetireUnused();
        }

        return true;
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
            _current.Retire();
            _retired.Add(_current);
        }

        foreach (var pool in Endpoints)
        {
            pool.Close();
        }

        Set?.Close();

        _trustChange?.Dispose();
        _services.Gate.RemoveReclaimable(this);
    }

    public void Dispose()
    {
        Retire();
        foreach (var pool in Endpoints)
        {
            pool.Dispose();
        }

        Set?.Dispose();

        lock (_lock)
        {
            foreach (var generation in _retired)
            {
                generation.Dispose();
            }

            _retired.Clear();
        }
    }

    /// <summary>Called when the last call to one of its addresses has ended.</summary>
    public void Idle()
    {
        Volatile.Write(ref _lastUsed, _services.TimeProvider.GetTimestamp());
        _services.Gate.NotifyIdle(this);
    }

    void IEndpointOwner.Lost() => Set?.Lost();

    void IEndpointOwner.LimitLearned(int limit) => StreamLimitLearned?.Invoke(limit);

    private static bool IsProxied(SocketsHttpHandler handler, Uri address) =>
        handler.UseProxy && (handler.Proxy ?? HttpClient.DefaultProxy) is { } proxy && !proxy.IsBypassed(address) && proxy.GetProxy(address) is not null;

    private SocketsHttpHandler CreateHandler() => HandlerFactory.Create(Key, PingDelay, _configure);

    private EndpointPool CreateEndpoint(ServiceAddress address, string host)
    {
        EndPoint target = address.IsUnix ? new UnixDomainSocketEndPoint(address.Host) : new DnsEndPoint(address.Host, address.Port);
        return CreateEndpoint(new EndpointAddress(address.ToString(), host, target, address.IsSecure), Backoff);
    }

    // Certificates are verified for the service's host, wherever the endpoint is; each endpoint has its own backoff and cap.
    private EndpointPool CreateEndpoint(EndPoint target, string? host)
    {
        var service = Key.Address!;
        return CreateEndpoint(new EndpointAddress($"{service} ({target})", host ?? service.ChannelAddress.IdnHost, target, service.IsSecure), new ConnectBackoff(_services.TimeProvider));
    }

    private EndpointPool CreateEndpoint(EndpointAddress address, ConnectBackoff backoff)
    {
        var name = address.Name;
        return new EndpointPool(
            address,
            CreateHandler,
            Connector,
            backoff,
            _services.Gate.CreateAddress(name, Key.Connection.ConnectionCap(isMultiplexed: true)),
            _idleTimeout,
            this,
            _services.TimeProvider,
            _services.Logger);
    }

    // The certificate is to have the name that the request calls its host.
    private EndpointPool CreateEndpoint(string scheme, string host, int port, string? hostHeader)
    {
        var name = hostHeader is null ? host : new Uri($"{scheme}://{hostHeader}").IdnHost;
        return CreateEndpoint(Key.Address is { IsUnix: true } unix ? unix : new ServiceAddress(scheme, host, port), name);
    }

    private void RetireConnections()
    {
        foreach (var pool in Endpoints)
        {
            pool.RetireAll();
        }
    }

    private void ReplaceLocked()
    {
        var old = _current;
        _current = new Generation(old.Number + 1, this, CreateHandler(), _services);
        _retired.RemoveAll(static generation => generation.IsGone);
        _retired.Add(old);
        old.Retire();
        old.DisposeHandlerAfter(RetiredAge);
    }
}
