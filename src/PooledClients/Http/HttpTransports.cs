using System.Net;
using Microsoft.Extensions.Options;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Http.Exchanges;
using PooledClients.Tls;

namespace PooledClients.Http;

/// <summary>Finds the transport of an HTTP client.</summary>
internal sealed class HttpTransports(TransportRegistry transports, TlsRegistry tls, IOptionsMonitor<HttpClientSetup> setups, IPressureRelief relief)
{
    public HttpTransportHandler CreateHandler(HttpClientState client)
    {
        var options = client.Options;
        var setup = setups.Get(client.Name);
        var settings = new HttpHandlerSettings(options.AutomaticDecompression, setup.HandlerActions.Count > 0 ? setup : null);

        // Requests name their own address, unless all of them go to one socket.
        var socket = ServiceAddress.TryParse(options.BaseAddress, out var address, out _) && address.IsUnix ? address : null;
        var key = new TransportKey(socket, tls.GetOrAdd(options.Tls), ConnectionSettings.From(options.Connection), settings, IsMultiplexed: false);
        return new HttpTransportHandler(transports.GetOrAdd(key, settings.Actions), relief, addsHeaders: options.AutomaticDecompression != DecompressionMethods.None);
    }
}
