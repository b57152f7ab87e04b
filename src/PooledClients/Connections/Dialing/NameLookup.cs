using System.Net;

namespace PooledClients.Connections.Dialing;

/// <summary>Looks names up: as the system does, hosts file and all.</summary>
internal class NameLookup
{
    public virtual Task<IPAddress[]> GetAddressesAsync(string host, CancellationToken cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);
}
