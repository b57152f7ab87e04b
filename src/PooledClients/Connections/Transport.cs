using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Connections.Endpoints.Sets;
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
    private readonly TrustChanges _trustChanges = new();
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
        Connector = new Connector(
            key.Tls, key.Connection, services.Handshakes, services.LocalFaultRetry, services.Names, services.TimeProvider, services.Logger, services.Diagnostics?.For(key.Kind, key.DisplayName));
        _configure = configure;
        _services = services;
        _lastUsed = services.TimeProvider.GetTimestamp();

        // Before the first generation reads trust and identity, so that no change after that is missed.
        _trustChange = key.Tls?.OnChange(OnTrustChanged);
        try
        {
            lock (_lock)
            {
                _current = CreateGeneration(number: 1);
            }
        }
        catch
        {
            _trustChange?.Dispose();
            throw;
        }

        _idleTimeout = _current.IdleTimeout;
        if (key is { IsMultiplexed: true, Address: { } address, Endpoints: null } && !_current.IsProxied(address.ChannelAddress))
        {
            Endpoint = CreateEndpoint(address, address.ChannelAddress.IdnHost);
        }

        if (key is { Endpoints: { } endpoints, Address: { } service })
        {
            Set = new EndpointSet(
                endpoints, service.ToString(), service.ChannelAddress, key.Connection.ConnectTimeout, this, CreateEndpoint, services.TimeProvider, services.Logger);
            services.Endpoints.Add(Set);
        }

        services.Gate.AddReclaimable(this);
    }

    /// <summary>Its number in diagnostics.</summary>
    public long Id { get; } = DiagnosticIds.Next();

    public TransportKey Key { get; }

    public Connector Connector { get; }

    /// <summary>Gets the pool of the one address of a gRPC transport; none through a proxy, whose connections are the runtime's, or of several endpoints.</summary>
    public EndpointPool? Endpoint { get; }

    /// <summary>Gets the endpoints of the address; none where it is one endpoint.</summary>
    public EndpointSet? Set { get; }

    /// <summary>Gets the time without traffic after which a ping is sent; doubled whenever the server has had too many. Written under the lock.</summary>
    public TimeSpan? PingDelay { get; private set; }

    public bool IsDisposed => _disposed;

    /// <summary>Gets when the next dial is due after failed ones.</summary>
    public ConnectBackoff Backoff { get; }

    /// <summary>Gets why connecting failed last; none when it did not.</summary>
    public Exception? LastFailure => Set is null ? Backoff.Failure?.Exception : Set.WhyNone();

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
            others = Set is null ? others : others.Concat(Set.Pools);
            return Endpoint is null ? others : others.Prepend(Endpoint);
        }
    }

    public int Connections => Generations.Sum(static generation => generation.Connections) + Endpoints.Sum(static pool => pool.Connections.Current.Length + pool.Dialing);

    /// <summary>Gets the connections that are up, those that only finish their calls included.</summary>
    public int Up => Generations.SelectMany(static generation => generation.Destinations).Sum(static destination => destination.Up)
        + Endpoints.Sum(static pool => pool.Connections.Current.Length + pool.Connections.Retired.Length);

    public long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Told the stream limit of each connection whose server names one.</summary>
    public event Action<int>? StreamLimitLearned;

    /// <summary>Gets the calls in flight, open streams included.</summary>
    public int InFlight => Generations.Sum(static generation => generation.InFlight) + Endpoints.Sum(static pool => pool.Connections.InFlight);

    /// <summary>
    /// Gets the pool that a request's connections come from; none when the runtime picks them: for HTTP/1.1, also where a request may fall
    /// back to it, and through a proxy.
    /// </summary>
    public EndpointPool? EndpointOf(HttpRequestMessage request)
    {
        if (Endpoint is null || request.Version.Major != 2 || request.VersionPolicy != HttpVersionPolicy.RequestVersionExact)
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

    /// <summary>Gets the endpoints that a request may go to; none where its address is one endpoint, or another one's.</summary>
    public EndpointSet? SetOf(HttpRequestMessage request) =>
        Set is not null && request.Headers.Host is null && Key.Address is { } service && service.Port == request.RequestUri!.Port && service.Host == request.RequestUri.IdnHost ? Set : null;

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
    /// <param name="isAsync">Whether the caller awaits it; otherwise it is sent synchronously, and has ended on return.</param>
    /// <param name="cancellationToken">Ends the wait. When it was for room within the budget, the exception's cause says so.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, IPendingCall? call, bool isAsync, CancellationToken cancellationToken)
    {
        var generation = Enter();
        var destination = generation.BeginCall(request);
        try
        {
            return isAsync ? await generation.SendAsync(request, cancellationToken).ConfigureAwait(false) : generation.Send(request, cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.InnerException is ConnectTimeoutException late)
        {
            // As the handler's own connect timeout is told: it is this client's limit.
            throw new TaskCanceledException(late.Message, new TimeoutException(late.Message, late), cancellationToken);
        }
        catch (HttpRequestException exception) when (IsEnd(exception) && Key.Tls?.DescribeRefusal(destination.Address) is { } refusal)
        {
            // The same failure to whoever judges it by its error or its cause; only people read the rest.
            throw new HttpRequestException(exception.HttpRequestError, $"{exception.Message} Perhaps {refusal}.", exception.InnerException ?? exception);
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
                ReplaceLocked(reason);
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
            ReplaceLocked($"its server answered too_many_pings; the next ping delay is {PingDelay}");
        }

        RetireConnections();
    }

    public bool TryReclaimIdle()
    {
        lock (_lock)
        {
            // A dial that waits for room is nothing that could be given back, and who waits for it is not idle.
            var open = _current.Connections + Endpoints.Sum(static pool => pool.Connections.Current.Length);
            if (_disposed || open == 0 || !_current.IsIdle || InFlight > 0 || Endpoints.Any(static pool => pool.Waiting > 0))
            {
                return false;
            }

            _services.Logger.PoolReclaimed(Address, Connections, _current.Number);
            ReplaceLocked(reason: null);
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

        Set?.Dispose();
        foreach (var pool in Endpoints)
        {
            pool.Close();
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
            state: null,
            _services.DrainTimeout);
    }

    /// <summary>Closes everything at once.</summary>
    public void CloseAll()
    {
        Retire();
        foreach (var pool in Endpoints)
        {
            pool.Dispose();
        }

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

    int IEndpointOwner.GenerationNumber => _current.Number;

    void IEndpointOwner.Connected()
    {
    }

    void IEndpointOwner.DialFailed()
    {
    }

    void IEndpointOwner.Lost()
    {
    }

    void IEndpointOwner.LimitLearned(int limit) => StreamLimitLearned?.Invoke(Set is null ? limit : Set.Pools.Max(static pool => pool.StreamLimit));

    /// <summary>The runtime could make no connection for a call.</summary>
    public void ConnectFailed(Exception exception)
    {
        Backoff.Fail(exception);
        if (!LocalFault.IsOutOfDescriptors(exception))
        {
            _services.Diagnostics?.Addresses.Failed(Address, exception, Backoff.RemainingGap());
        }
    }

    private static bool IsEnd(HttpRequestException exception) =>
        exception.HttpRequestError == HttpRequestError.ResponseEnded || exception.InnerException is IOException;

    private void OnTrustChanged()
    {
        _trustChanges.Count();
        lock (_lock)
        {
            if (!_disposed && _trustChanges.IsPending)
            {
                ReplaceLocked("its certificates changed");
            }
        }

        RetireConnections();
    }

    private Generation CreateGeneration(int number) => _trustChanges.Make(() => new Generation(number, this, CreateHandler(), _services));

    private SocketsHttpHandler CreateHandler() => HandlerFactory.Create(Key, PingDelay, _configure);

    private EndpointPool CreateEndpoint(ServiceAddress address, string host)
    {
        EndPoint target = address.IsUnix ? new UnixDomainSocketEndPoint(address.Host) : new DnsEndPoint(address.Host, address.Port);
        return CreateEndpoint(this, new EndpointAddress(address.ToString(), host, target, address.IsSecure), Backoff);
    }

    // Certificates are verified for the service's host, wherever the endpoint is; each endpoint has its own backoff and cap.
    private EndpointPool CreateEndpoint(IEndpointOwner owner, EndPoint target, string? host)
    {
        // A discovered one may be in clear text where the address allows both.
        var service = Key.Address!;
        var known = target as ServiceEndPoint;
        var isSecure = Key.Endpoints!.MayBeClearText ? known?.IsSecure ?? service.IsSecure : service.IsSecure;
        var address = new EndpointAddress($"{service} ({target})", known?.Host ?? host ?? service.ChannelAddress.IdnHost, known?.Socket ?? target, isSecure);
        return CreateEndpoint(owner, address, new ConnectBackoff(_services.TimeProvider));
    }

    private EndpointPool CreateEndpoint(IEndpointOwner owner, EndpointAddress address, ConnectBackoff backoff)
    {
        var budget = _services.Gate.CreateAddress(address.Name, Key.Connection.ConnectionCap(isMultiplexed: true), Key.Kind);
        var dialer = new EndpointDialer(address, CreateHandler, Connector, backoff, budget, _services.TimeProvider);
        return new EndpointPool(dialer, _idleTimeout, owner, _services.TimeProvider, _services.Logger, _services.Diagnostics?.Addresses);
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

    private void ReplaceLocked(string? reason)
    {
        var old = _current;
        if (reason is not null)
        {
            _services.Logger.GenerationReplaced(Address, old.Number, reason);

            // What follows a semicolon differs from time to time, which is not for an attribute.
            _services.Diagnostics?.Metrics.GenerationReplaced(Address, reason.Split(';')[0]);
        }

        _current = CreateGeneration(old.Number + 1);
        _retired.RemoveAll(static generation => generation.IsGone);
        _retired.Add(old);
        old.Retire();
        old.DisposeHandlerAfter(RetiredAge);
    }
}
