using System.Security.Cryptography.X509Certificates;
using PooledClients.Tls.Handshakes;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>A server's set-up, whom its client trusts, and why the client should refuse it; no reason means that it should not.</summary>
internal sealed record ServerCase(X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Trusted)
{
    public IReadOnlyList<X509Certificate2> Intermediates { get; init; } = [];

    public string Host { get; init; } = "localhost";

    public TrustFailure? Refused { get; init; }

    /// <summary>A part of the reason that the message has to hold.</summary>
    public string Reason { get; init; } = string.Empty;

    public X509RevocationMode RevocationMode { get; init; } = X509RevocationMode.NoCheck;

    /// <summary>Served by OpenSSL's own server, for what <see cref="System.Net.Security.SslStream"/> does not serve.</summary>
    public bool ByOpenSsl { get; init; }
}
