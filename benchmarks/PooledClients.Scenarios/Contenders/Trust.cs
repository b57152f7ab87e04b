using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Scenarios.Contenders;

/// <summary>How the contenders other than the library trust one authority and identify themselves, in the framework's own words.</summary>
internal static class Trust
{
    /// <summary>Reads the authorities of a PEM file.</summary>
    public static X509Certificate2Collection Read(string path) => Parse(File.ReadAllText(path));

    public static X509Certificate2Collection Parse(ReadOnlySpan<char> pem)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(pem);
        return roots;
    }

    /// <summary>Trusts these authorities only; the chain, the host name and the usage are all checked.</summary>
    public static SslClientAuthenticationOptions Options(X509Certificate2Collection roots, string? certificatePath = null, string? keyPath = null)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(roots);
        var options = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        if (certificatePath is not null)
        {
            options.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(certificatePath, keyPath ?? certificatePath), null, offline: true);
        }

        return options;
    }

    /// <summary>The handler that the documentation of gRPC for .NET recommends.</summary>
    public static SocketsHttpHandler GrpcHandler(SslClientAuthenticationOptions tls, double? lifetimeSeconds = null)
    {
        return new SocketsHttpHandler
        {
            SslOptions = tls,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = lifetimeSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan,
        };
    }
}
