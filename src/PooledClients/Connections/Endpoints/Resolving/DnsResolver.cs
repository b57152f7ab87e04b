using System.Net;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>A name's A and AAAA records are the endpoints. Equal ones are one, so that clients of one name share its endpoints.</summary>
internal sealed record DnsResolver(string Host, int Port, Func<string, CancellationToken, Task<IPAddress[]>>? LookUp = null) : IEndpointResolver
{
    public async ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        var addresses = await (LookUp ?? Dns.GetHostAddressesAsync)(Host, cancellationToken).ConfigureAwait(false);
        return new ResolvedEndpoints(addresses.Select(found => new IPEndPoint(found, Port)));
    }
}
