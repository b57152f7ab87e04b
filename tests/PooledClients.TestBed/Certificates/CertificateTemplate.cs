using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.TestBed.Certificates;

/// <summary>What a test certificate says of itself. The defaults make a good server certificate for <c>localhost</c>.</summary>
public sealed record CertificateTemplate
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    public string Subject { get; init; } = "CN=localhost";

    /// <summary>DNS names and IP addresses; none leaves the extension out.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["localhost", "127.0.0.1", "::1"];

    public TimeSpan ValidFrom { get; init; } = TimeSpan.FromDays(-1);

    public TimeSpan ValidTo { get; init; } = TimeSpan.FromDays(200);

    /// <summary>Makes the key: ECDsa or RSA. Null makes ECDSA P-256.</summary>
    public Func<AsymmetricAlgorithm>? CreateKey { get; init; }

    /// <summary>The hash of the issuer's signature.</summary>
    public HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA256;

    /// <summary>The padding of an RSA issuer's signature.</summary>
    public RSASignaturePadding Padding { get; init; } = RSASignaturePadding.Pkcs1;

    /// <summary>The extended key usages; none leaves the extension out.</summary>
    public IReadOnlyList<string> Usages { get; init; } = [ServerAuthentication];

    public bool IsAuthority { get; init; }

    public int? PathLength { get; init; }

    public X509KeyUsageFlags? KeyUsage { get; init; }

    public IReadOnlyList<X509Extension> Extensions { get; init; } = [];

    public static CertificateTemplate Authority(string name) => new()
    {
        Subject = $"CN={name}",
        Hosts = [],
        Usages = [],
        IsAuthority = true,
        ValidFrom = TimeSpan.FromDays(-300),
        ValidTo = TimeSpan.FromDays(300),
    };

    public static CertificateTemplate Client(string name) => new()
    {
        Subject = $"CN={name}",
        Hosts = [],
        Usages = [ClientAuthentication],
    };
}
