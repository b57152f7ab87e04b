using System.Net;

namespace PooledClients.IntegrationTests.Http.Conformance.Proxies;

/// <summary>A proxy whose address is known when the run begins.</summary>
internal sealed class LateProxy
{
    public Uri? Address { get; set; }

    public string[] Bypasses { get; init; } = [];

    public NetworkCredential? Credentials { get; init; }

    public WebProxy Create() => new(Address, BypassOnLocal: false, Bypasses, Credentials);
}
