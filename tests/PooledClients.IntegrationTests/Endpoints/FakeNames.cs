using System.Net;
using PooledClients.Connections.Dialing;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Every name has the addresses that the test says.</summary>
internal sealed class FakeNames(params IPAddress[] addresses) : NameLookup
{
    public override Task<IPAddress[]> GetAddressesAsync(string host, CancellationToken cancellationToken) => Task.FromResult(addresses);
}
