using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Connections.Endpoints.Sets;

namespace PooledClients.Connections;

/// <summary>The endpoints of a transport over HTTP/2, each with a pool of connections: the address's own, or its service's, and others that requests name.</summary>
internal sealed class TransportEndpoints : IEndpointOwner
{
    private const string NoRoom = "others wait for room";

    private readonly Transport _transport;
    private readonly TransportServices _services;
    private readonly Func<SocketsHttpHandler> _createHandler;
    private readonly TimeSpan _idleTimeout;

    // One a name that the server's certificate has to have and an address; only grows, by what requests ask for.
    private readonly ConcurrentDictionary<(string Scheme, string Authority, int Port, string? Host), Lazy<EndpointPool>> _others = new();

    public TransportEndpoints(Transport transport, TransportServices services, Func<SocketsHttpHandler> createHandler)
    {
        _transport = transport;
        _services = services;
        _createHandler = createHandler;
        _idleTimeout = transport.Current.IdleTimeout;
        var key = transport.Key;
        if (key is { IsMultiplexed: true, Address: { } address, Endpoints: null } && !transport.Current.IsProxied(address.ChannelAddress))
        {
            Only = ForAddress(address, address.ChannelAddress.IdnHost);
        }

        if (key is { Endpoints: { } endpoints, Address: { } service })
        {
            Set = new EndpointSet(
                endpoints, service.ToString(), service.ChannelAddress, key.Connection.ConnectTimeout, this, ForService, services.TimeProvider, services.Logger, services.Diagnostics?.Addresses);
            services.Endpoints.Add(Set);
        }
    }

    /// <summary>Gets the pool of the one address; none through a proxy, over HTTP/1.1, or of several endpoints.</summary>
    public EndpointPool? Only { get; }

    /// <summary>Gets the endpoints of the address; none where it is one endpoint.</summary>
    public EndpointSet? Set { get; }

    public IEnumerable<EndpointPool> All
    {
        get
        {
            var others = _others.Values.Where(static pool => pool.IsValueCreated).Select(static pool => pool.Value);
            others = Set is null ? others : others.Concat(Set.Pools);
            return Only is null ? others : others.Prepend(Only);
        }
    }

    /// <summary>Told the stream limit of each connection whose server names one.</summary>
    public event Action<int>? StreamLimitLearned;

    bool IEndpointOwner.AsksFirst => false;

    int IEndpointOwner.GenerationNumber => _transport.Current.Number;

    private TransportKey Key => _transport.Key;

    /// <summary>What connections are made with has changed. Those of a set are replaced one endpoint after the other, so that one is ready at any time.</summary>
    public void RetireAll()
    {
        if (Set is not null)
        {
            _ = EndpointRenewal.RunAsync([.. Set.Pools], _services.TimeProvider);
        }

        foreach (var pool in All.Where(static pool => pool.Owner is not Endpoint))
        {
            pool.RetireAll();
        }
    }

    /// <summary>Others wait for room: closes what nobody uses.</summary>
    /// <returns>How many connections that was.</returns>
    public int GiveBackUnused()
    {
        var unused = All.SelectMany(static pool => pool.Connections.Unused).ToArray();
        Array.ForEach(unused, static connection => connection.Retire(NoRoom));
        return unused.Length;
    }

    /// <summary>Others wait for room: closes the connections of one endpoint, where calls have another one.</summary>
    public int GiveBackSpare()
    {
        var connections = Set?.Spare()?.Pool.Connections.Current ?? [];
        Array.ForEach(connections, static connection => connection.Retire(NoRoom));
        return connections.Length;
    }

    /// <summary>Takes no call any more; those in flight go on.</summary>
    public void Close()
    {
        Set?.Dispose();
        foreach (var pool in All)
        {
            pool.Close();
        }
    }

    /// <summary>Closes everything at once.</summary>
    public void CloseAll()
    {
        foreach (var pool in All)
        {
            pool.Dispose();
        }
    }

    /// <summary>
    /// Gets the pool that a request's connections come from; none when the runtime picks them: for HTTP/1.1, also where a request may fall
    /// back to it, and through a proxy.
    /// </summary>
    public EndpointPool? Of(HttpRequestMessage request)
    {
        if (Only is null || request.Version.Major != 2 || request.VersionPolicy != HttpVersionPolicy.RequestVersionExact)
        {
            return null;
        }

        // A handler in front may have sent the request elsewhere, or to another host at the same address.
        var uri = request.RequestUri!;
        var host = request.Headers.Host;
        return host is null && Key.Address!.IsAt(uri) ? Only : _others.GetOrAdd(
            (uri.Scheme, uri.IdnHost, uri.Port, host),
            static (key, endpoints) => new Lazy<EndpointPool>(() => endpoints.ForRequest(key.Scheme, key.Authority, key.Port, key.Host)),
            this).Value;
    }

    /// <summary>Gets the endpoints that a request may go to; none where its address is one endpoint, or another one's.</summary>
    public EndpointSet? SetOf(HttpRequestMessage request) =>
        Set is not null && request.Headers.Host is null && Key.Address is { } service && service.Port == request.RequestUri!.Port && service.Host == request.RequestUri.IdnHost ? Set : null;

    void IEndpointOwner.Connected()
    {
    }

    void IEndpointOwner.DialFailed()
    {
    }

    void IEndpointOwner.Lost()
    {
    }

    void IEndpointOwner.Answered()
    {
    }

    void IEndpointOwner.Idle() => _transport.Idle();

    void IEndpointOwner.LimitLearned(int limit) => StreamLimitLearned?.Invoke(Set is null ? limit : Set.Pools.Max(static pool => pool.StreamLimit));

    private EndpointPool ForAddress(ServiceAddress address, string host)
    {
        EndPoint target = address.IsUnix ? new UnixDomainSocketEndPoint(address.Host) : new DnsEndPoint(address.Host, address.Port);
        return Create(this, new EndpointAddress(address.ToString(), host, target, address.IsSecure), _transport.Backoff);
    }

    // Certificates are verified for the service's host, wherever the endpoint is; each endpoint has its own backoff and cap.
    private EndpointPool ForService(IEndpointOwner owner, EndPoint target, string? host)
    {
        // A discovered one may be in clear text where the address allows both.
        var service = Key.Address!;
        var known = target as ServiceEndPoint;
        var isSecure = Key.Endpoints!.MayBeClearText ? known?.IsSecure ?? service.IsSecure : service.IsSecure;
        var address = new EndpointAddress($"{service} ({target})", known?.Host ?? host ?? service.ChannelAddress.IdnHost, known?.Socket ?? target, isSecure);
        return Create(owner, address, new ConnectBackoff(_services.TimeProvider));
    }

    private EndpointPool Create(IEndpointOwner owner, EndpointAddress address, ConnectBackoff backoff)
    {
        var budget = _services.Gate.CreateAddress(address.Name, Key.Connection.ConnectionCap(isMultiplexed: true), Key.Kind);
        var reachability = new Reachability(address.Name, backoff, _services.Diagnostics?.Addresses);
        var dialer = new EndpointDialer(address, _createHandler, _transport.Connector, reachability, budget, _services.TimeProvider);
        return new EndpointPool(dialer, Key.Connection.ConnectTimeout, _idleTimeout, owner, _services.TimeProvider, _services.Logger);
    }

    // The certificate is to have the name that the request calls its host.
    private EndpointPool ForRequest(string scheme, string host, int port, string? hostHeader)
    {
        var name = hostHeader is null ? host : new Uri($"{scheme}://{hostHeader}").IdnHost;
        return ForAddress(Key.Address is { IsUnix: true } unix ? unix : new ServiceAddress(scheme, host, port), name);
    }
}
