using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Connections.Descriptors;

/// <summary>One connect and TLS handshake of the process with itself: it starts the sockets' threads and loads name resolution and the TLS library.</summary>
internal static class LoopbackHandshake
{
    private const string Host = "localhost";

    public static async Task RunAsync(CancellationToken cancellationToken)
    {
        _ = await Dns.GetHostAddressesAsync(Host, cancellationToken).ConfigureAwait(false);
        using var certificate = CreateCertificate();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndpoint, cancellationToken).ConfigureAwait(false);
        using var server = await AcceptAsync(listener, client, cancellationToken).ConfigureAwait(false);

        var clientStream = new SslStream(new NetworkStream(client));
        await using (clientStream.ConfigureAwait(false))
        {
            var serverStream = new SslStream(new NetworkStream(server));
            await using (serverStream.ConfigureAwait(false))
            {
                await Task.WhenAll(
                    serverStream.AuthenticateAsServerAsync(ServerOptions(certificate), cancellationToken),
                    clientStream.AuthenticateAsClientAsync(ClientOptions(certificate), cancellationToken)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes the connection of <paramref name="client"/>, and closes those of strangers, which any process of the machine may make.</summary>
    public static async Task<Socket> AcceptAsync(TcpListener listener, Socket client, CancellationToken cancellationToken)
    {
        while (true)
        {
            var accepted = await listener.AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
            if (Equals(accepted.RemoteEndPoint, client.LocalEndPoint))
            {
                return accepted;
            }

            accepted.Dispose();
        }
    }

    /// <summary>A certificate for this process only, that trusts itself.</summary>
    public static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host);
        request.CertificateExtensions.Add(names.Build());

        // Long past and far off, so that the clock does not matter.
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2999, 1, 1, 0, 0, 0, TimeSpan.Zero));

        // Some systems serve no key that was never exported.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), password: null);
    }

    private static SslServerAuthenticationOptions ServerOptions(X509Certificate2 certificate) => new()
    {
        ServerCertificate = certificate,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
    };

    private static SslClientAuthenticationOptions ClientOptions(X509Certificate2 certificate)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(certificate);
        return new SslClientAuthenticationOptions
        {
            TargetHost = Host,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            CertificateChainPolicy = policy,
        };
    }
}
