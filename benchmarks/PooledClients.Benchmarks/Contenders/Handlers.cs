using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Benchmarks.Contenders;

/// <summary>The handler of the contenders other than the library, as the framework's documentation recommends it.</summary>
internal static class Handlers
{
    public static SocketsHttpHandler Create(string caPem)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.ImportFromPem(caPem);
        return new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
        };
    }
}
