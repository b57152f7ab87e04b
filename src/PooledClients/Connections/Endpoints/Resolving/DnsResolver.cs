using System.Net;
using PooledClients.Connections.Dialing;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>A name's A and AAAA records are the endpoints. Equal ones are one, so that clients of one name share its endpoints.</summary>
internal sealed record DnsResolver(string Host, int Port, NameLookup Names) : IEndpointResolver
{
    public async ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        var addresses = await Names.GetAddressesAsync(Host, cancellationToken).ConfigureAwait(false);
        return new ResolvedEndpoints(addresses.Select(found => new IPEndPoint(found, Port)));
    }
}
