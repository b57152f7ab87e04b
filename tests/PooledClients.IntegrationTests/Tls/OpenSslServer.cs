using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Tls;

/// <summary><c>openssl s_server</c> on a Unix socket, for certificates that .NET does not serve. It sends its client one line.</summary>
internal sealed class OpenSslServer : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Process _process;

    private OpenSslServer(string certificate, string key, string intermediates)
    {
        // Level 0, or OpenSSL itself would refuse to serve what the client has to refuse.
        string[] arguments =
        [
            "s_server", "-unix", SocketPath, "-unlink", "-cert", _folder.Write("server.pem", certificate), "-key", _folder.Write("key.pem", key),
            .. intermediates.Length == 0 ? [] : new[] { "-cert_chain", _folder.Write("chain.pem", intermediates) },
            "-cipher", "DEFAULT:@SECLEVEL=0", "-quiet",
        ];
        _process = Process.Start(new ProcessStartInfo("openssl", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.StandardInput.WriteLine("x");
        _process.StandardInput.Flush();
    }

    public EndPoint EndPoint => new UnixDomainSocketEndPoint(SocketPath);

    private string SocketPath => _folder.PathOf("s");

    public static Task<OpenSslServer> StartAsync(X509Certificate2 certificate, params IEnumerable<X509Certificate2> intermediates) =>
        StartAsync(TestCertificates.ToPem(certificate), TestCertificates.KeyToPem(certificate), TestCertificates.ToPem(intermediates));

    public static async Task<OpenSslServer> StartAsync(string certificate, string key, string intermediates = "")
    {
        var server = new OpenSslServer(certificate, key, intermediates);
        await Eventually.HoldsAsync(() => File.Exists(server.SocketPath) || server._process.HasExited);
        Assert.False(server._process.HasExited, server._process.HasExited ? server._process.StandardError.ReadToEnd() : string.Empty);
        return server;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Dispose();
    }
}
