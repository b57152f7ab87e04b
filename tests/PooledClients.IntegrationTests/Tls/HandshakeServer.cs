using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>A server that does the TLS handshake with whatever certificate it is given, answers one byte and closes.</summary>
internal sealed class HandshakeServer : IAsyncDisposable
{
    private static readonly byte[] Answer = [1];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SslServerAuthenticationOptions _options;
    private readonly Task _loop;

    public HandshakeServer(SslServerAuthenticationOptions options)
    {
        _options = options;
        _listener.Start();
        _loop = AcceptAsync();
    }

    /// <summary>Sends exactly this chain: the leaf, then the intermediates.</summary>
    public HandshakeServer(X509Certificate2 leaf, params X509Certificate2[] intermediates)
        : this(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, [.. intermediates], offline: true),
        })
    {
    }

    public EndPoint EndPoint => _listener.LocalEndpoint;

    /// <summary>The certificates that clients showed, in order.</summary>
    public List<string?> ClientThumbprints { get; } = [];

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _loop;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                await AnswerAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        try
        {
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(_options);
            ClientThumbprints.Add((stream.RemoteCertificate as X509Certificate2)?.Thumbprint);
            await stream.WriteAsync(Answer);
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException or ObjectDisposedException)
        {
            // The client refused, or was refused: the test looks at its side.
        }
    }
}
