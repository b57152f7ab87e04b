using System.Net;

namespace PooledClients.Scenarios.Contenders;

/// <summary>What HTTP client a load needs.</summary>
internal sealed record HttpClientSettings(string Address, string CaPath)
{
    /// <summary>Gets how long an exchange may take, for the contenders that know such a thing; else it is the client's timeout.</summary>
    public double DeadlineSeconds { get; init; } = 30;

    /// <summary>Gets whether requests go over HTTP/2, instead of HTTP/1.1.</summary>
    public bool Http2 { get; init; }

    /// <summary>Sets up a client as every contender has it.</summary>
    public void Configure(HttpClient client)
    {
        client.BaseAddress = new Uri(Address);
        client.Timeout = TimeSpan.FromSeconds(DeadlineSeconds);
        ConfigureVersion(client);
    }

    public void ConfigureVersion(HttpClient client)
    {
        client.DefaultRequestVersion = Http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
    }
}
