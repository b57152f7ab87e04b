using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Grpc.Balancing;
using PooledClients.Http.Balancing;
using PooledClients.Http.Exchanges;
using PooledClients.Tls;

namespace PooledClients.Http;

/// <summary>Finds the transport of an HTTP client.</summary>
internal sealed class HttpTransports(
    TransportRegistry transports,
    TlsRegistry tls,
    IOptionsMonitor<HttpClientSetup> setups,
    IPressureRelief relief,
    EndpointResolvers resolvers,
    TransportServices services) : IDisposable
{
    // One a client: the factory may ask for its handler again.
    private readonly ConcurrentDictionary<string, Lazy<EndpointSet>> _sets = new(StringComparer.Ordinal);

    public HttpMessageHandler CreateHandler(HttpClientState client)
    {
        var options = client.Options;
        var setup = setups.Get(client.Name);
        var settings = new HttpHandlerSettings(options.AutomaticDecompression, setup.HandlerActions.Count > 0 ? setup : null);

        // Requests name their own address, unless all of them go to one socket.
        var socket = ServiceAddress.SocketOf(options.BaseAddress);
        var key = new TransportKey(socket, tls.GetOrAdd(options.Tls), ConnectionSettings.From(options.Connection), settings, IsMultiplexed: false);
        var handler = CreateHandler(key, settings);
        return options.BaseAddress is { } service && resolvers.KindOf(options.Endpoints, service, hasCustom: false) != EndpointResolver.None
            ? new HttpEndpointsHandler(service, _sets.GetOrMake(client.Name, static (_, state) => state.Item1.CreateSet(state.key, state.settings, state.options), (this, key, settings, options)), handler, services.TimeProvider)
            : handler;
    }

    public void Dispose()
    {
        foreach (var set in _sets.Values.Where(static set => set.IsValueCreated))
        {
            set.Value.Dispose();
        }
    }

    private HttpTransportHandler CreateHandler(TransportKey key, HttpHandlerSettings settings) =>
        new(transports.GetOrAdd(key, settings.Actions), relief, addsHeaders: settings.Decompression != DecompressionMethods.None);

    private EndpointSet CreateSet(TransportKey key, HttpHandlerSettings settings, PooledHttpClientOptions options)
    {
        var authority = new Uri(options.BaseAddress!.GetLeftPart(UriPartial.Authority));
        if (!resolvers.TryParse(options.Endpoints, authority, hasCustom: false, out var service, out var reason))
        {
            throw new InvalidOperationException(reason);
        }

        var endpoints = resolvers.Create(options.Endpoints, authority, service, custom: null)!;
        var set = new EndpointSet(
            endpoints, service.ToString(), service.ChannelAddress, key.Connection.ConnectTimeout, HttpEndpointOwner.Instance, Connect, services.TimeProvider, services.Logger, services.Diagnostics?.Addresses);
        services.Endpoints.Add(set);
        return set;

        IEndpointConnections Connect(IEndpointOwner owner, EndPoint target, string? host)
        {
            var known = target as ServiceEndPoint;
            var socket = known?.Socket ?? target;
            var isSecure = endpoints.MayBeClearText ? known?.IsSecure ?? service.IsSecure : service.IsSecure;
            var scheme = isSecure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
            var port = authority.IsDefaultPort || authority.Port < 0 ? -1 : authority.Port;

            // One that has a name of its own goes by that, and its own port.
            var origin = known?.Host is { } own
                ? new UriBuilder(scheme, own, (socket as DnsEndPoint)?.Port ?? (socket as IPEndPoint)?.Port ?? -1).Uri
                : new UriBuilder(scheme, host ?? service.Host, port).Uri;

            // Its own, for it ends with the endpoint.
            var transportKey = key with { Owner = (settings, owner), Target = new FixedTarget(origin.IdnHost, origin.Port, socket) };
            var transport = transports.GetOrAdd(transportKey, settings.Actions);
            return new HttpEndpoint(transport, CreateHandler(transportKey, settings), origin, transports.Remove);
        }
    }
}
