using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.TestBed.Servers;

/// <summary>The stream of a connection that a server written for tests has accepted.</summary>
internal static class ServerStream
{
    /// <summary>Opens it, over TLS where there is a certificate; the stream owns the socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="certificate">The server's certificate; <see langword="null"/> for clear text.</param>
    /// <param name="protocols">What it offers by ALPN.</param>
    public static async Task<Stream> OpenAsync(Socket socket, X509Certificate2? certificate, params List<SslApplicationProtocol> protocols)
    {
        var stream = new NetworkStream(socket, ownsSocket: true);
        if (certificate is null)
        {
            return stream;
        }

        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ApplicationProtocols = protocols is [] ? null : protocols,
        });
        return tls;
    }
}
