namespace PooledClients.IntegrationTests.Http.Conformance.Proxies;

/// <summary>How a proxy behaves.</summary>
internal sealed record ProxyScript
{
    public string Scheme { get; init; } = Uri.UriSchemeHttp;

    /// <summary>Gets the user and password that it wants.</summary>
    public string? Credentials { get; init; }

    /// <summary>Gets the status with which it refuses everything.</summary>
    public string? Refuses { get; init; }

    /// <summary>Gets whether it closes each connection with its first request.</summary>
    public bool Cuts { get; init; }

    /// <summary>Gets whether nobody listens where it is said to be.</summary>
    public bool IsGone { get; init; }

    /// <summary>Gets what the client is told not to send there.</summary>
    public string[] Bypasses { get; init; } = [];
}
