using System.Net;
using Microsoft.Extensions.ServiceDiscovery;

namespace PooledClients.ServiceDiscovery;

/// <summary>Asks the application's service discovery, and follows its change tokens.</summary>
internal sealed class ServiceDiscoveryResolver(ServiceEndpointResolver resolver) : IEndpointResolver
{
    public async ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        // As its own handler asks: scheme and host, never a path. "https+http" and "_endpoint." are its to read.
        var source = await resolver.GetEndpointsAsync($"{address.Scheme}://{address.Authority}", cancellationToken).ConfigureAwait(false);
        var hosts = source.Endpoints.Select(static endpoint => endpoint.Features.Get<IHostNameFeature>()?.HostName).Distinct().ToArray();
        return new ResolvedEndpoints(source.Endpoints.Select(endpoint => ToSocketEndPoint(endpoint.EndPoint, address)))
        {
            ChangeToken = source.ChangeToken,
            HostOverride = hosts is [{ Length: > 0 } host] ? host : null,
        };
    }

    // A configured address is a UriEndPoint; one without a port has the port of its scheme, and port 0 means the client's own.
    private static EndPoint ToSocketEndPoint(EndPoint endPoint, Uri address)
    {
        var found = endPoint switch
        {
            UriEndPoint { Uri: var uri } => new DnsEndPoint(uri.IdnHost, uri.IsDefaultPort && uri.Port < 0 ? DefaultPort(address) : uri.Port),
            DnsEndPoint { Port: 0 } dns => new DnsEndPoint(dns.Host, DefaultPort(address)),
            IPEndPoint { Port: 0 } ip => new IPEndPoint(ip.Address, DefaultPort(address)),
            _ => endPoint,
        };
        return found is DnsEndPoint named && IPAddress.TryParse(named.Host, out var literal) ? new IPEndPoint(literal, named.Port) : found;
    }

    private static int DefaultPort(Uri address) => address.Port > 0 ? address.Port : address.Scheme.StartsWith("https", StringComparison.Ordinal) ? 443 : 80;
}
