using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using PooledClients.Benchmarks.Servers;

namespace PooledClients.Benchmarks.Contenders;

/// <summary>The handler and the channel of the contenders other than the library, as the framework's documentation recommends them.</summary>
internal static class Handlers
{
    /// <summary>A channel that owns its handler.</summary>
    public static GrpcChannel CreateChannel(ServerAddress server, ServiceConfig? serviceConfig = null) =>
        GrpcChannel.ForAddress(
            server.Url,
            new GrpcChannelOptions { HttpHandler = Create(server.CaPem), DisposeHttpClient = true, ServiceConfig = serviceConfig });

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
