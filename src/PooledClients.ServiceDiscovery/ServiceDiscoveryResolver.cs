using System.Net;
using Microsoft.Extensions.ServiceDiscovery;
using PooledClients.Connections.Endpoints.Resolving;

namespace PooledClients.ServiceDiscovery;

/// <summary>Asks the application's service discovery, and follows its change tokens.</summary>
internal sealed class ServiceDiscoveryResolver(ServiceEndpointResolver resolver) : IEndpointResolver
{
    public async ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        // As its own handler asks: scheme and host, never a path. "https+http" and "_endpoint." are its to read.
        var source = await resolver.GetEndpointsAsync($"{address.Scheme}://{address.Authority}", cancellationToken).ConfigureAwait(false);
        return new ResolvedEndpoints(source.Endpoints.Select(endpoint => ToEndPoint(endpoint.EndPoint, address, endpoint.Features.Get<IHostNameFeature>()?.HostName)))
        {
            ChangeToken = source.ChangeToken,
        };
    }

    // A configured address is a UriEndPoint; one without a port has the port of its scheme, and port 0 means the client's own.
    private static EndPoint ToEndPoint(EndPoint endPoint, Uri address, string? host)
    {
        var found = endPoint switch
        {
            UriEndPoint { Uri: var uri } => ToServiceEndPoint(uri, address, host),
            DnsEndPoint { Port: 0 } dns => new DnsEndPoint(dns.Host, DefaultPort(address)),
            IPEndPoint { Port: 0 } ip => new IPEndPoint(ip.Address, DefaultPort(address)),
            _ => endPoint,
        };
        return found is DnsEndPoint named && IPAddress.TryParse(named.Host, out var literal) ? new IPEndPoint(literal, named.Port) : found;
    }

    // An address with a name in it is verified for that name, as the handler of service discovery verifies it; one that is a number for the service's.
    private static ServiceEndPoint ToServiceEndPoint(Uri uri, Uri address, string? host)
    {
        var port = uri.IsDefaultPort && uri.Port < 0 ? DefaultPort(address) : uri.Port;
        return IPAddress.TryParse(uri.IdnHost, out var literal)
            ? new ServiceEndPoint(new IPEndPoint(literal, port), host, IsSecure(uri))
            : new ServiceEndPoint(new DnsEndPoint(uri.IdnHost, port), host ?? uri.IdnHost, IsSecure(uri));
    }

    private static bool? IsSecure(Uri uri) => uri.Scheme == Uri.UriSchemeHttps ? true : uri.Scheme == Uri.UriSchemeHttp ? false : null;

    private static int DefaultPort(Uri address) => address.Port > 0 ? address.Port : address.Scheme.StartsWith("https", StringComparison.Ordinal) ? 443 : 80;
}
