using System.Net;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>A name's A and AAAA records are the endpoints.</summary>
internal sealed class DnsResolver(string host, int port, Func<string, CancellationToken, Task<IPAddress[]>>? lookUp = null) : IEndpointResolver
{
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _lookUp = lookUp ?? Dns.GetHostAddressesAsync;

    public async ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        var addresses = await _lookUp(host, cancellationToken).ConfigureAwait(false);
        return new ResolvedEndpoints(addresses.Select(found => new IPEndPoint(found, port)));
    }
}
