using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Proxies;

/// <summary>
/// A real nginx over TLS in front of a clear text gRPC server, as a child process with a folder of its own. Every connection to it
/// ends after <see cref="KeepAliveRequests"/> requests, with a GOAWAY.
/// </summary>
internal sealed class NginxProxy : IAsyncDisposable
{
    public const int KeepAliveRequests = 100;
    private const int Attempts = 5;
    private const string MissingReason = "nginx is not installed (Debian: apt-get install nginx-light).";
    private static readonly string? Executable = new[] { "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx" }.FirstOrDefault(File.Exists);
    private readonly TempFolder _folder;
    private readonly Process _process;

    private NginxProxy(TempFolder folder, Process process, int port)
    {
        _folder = folder;
        _process = process;
        Address = new Uri($"https://localhost:{port}");
    }

    public Uri Address { get; }

    /// <summary>Starts nginx in front of <paramref name="serverPort"/>; skips the test where there is no nginx.</summary>
    public static async Task<NginxProxy> StartAsync(int serverPort)
    {
        Assert.SkipWhen(Executable is null, MissingReason);
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            var folder = WriteFolder(port, serverPort);
            var process = Start(folder, "-g", "daemon off;");
            await Eventually.HoldsAsync(() => process.HasExited || Listens(port), () => ReadLog(folder));
            if (!process.HasExited)
            {
                return new NginxProxy(folder, process, port);
            }

            // Somebody else was quicker to take the port.
            var log = ReadLog(folder);
            process.Dispose();
            folder.Dispose();
            Assert.True(attempt < Attempts, "nginx does not start:\n" + log);
        }
    }

    /// <summary>Has new workers take over; the old ones say GOAWAY and finish what they have.</summary>
    public async Task ReloadAsync()
    {
        using var signal = Start(_folder, "-s", "reload");
        await signal.WaitForExitAsync();
        Assert.True(signal.ExitCode == 0, "nginx does not reload:\n" + ReadLog(_folder));
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private static Process Start(TempFolder folder, params string[] args) => Process.Start(
        Executable!, ["-p", folder.Path, "-c", folder.PathOf("nginx.conf"), "-e", folder.PathOf("error.log"), .. args]);

    private static TempFolder WriteFolder(int port, int serverPort)
    {
        var folder = new TempFolder();
        using var certificate = TestAuthority.Shared.IssueServer();
        using var key = certificate.GetECDsaPrivateKey()!;
        folder.Write("server.pem", certificate.ExportCertificatePem());
        folder.Write("server.key", key.ExportPkcs8PrivateKeyPem());
        // Workers of a master that runs as root would otherwise be somebody who may not enter the folder.
        folder.Write("nginx.conf", $$"""
            {{(Environment.IsPrivilegedProcess ? $"user {Environment.UserName};" : "")}}
            worker_processes 1;
            pid nginx.pid;
            events { worker_connections 1024; }
            http {
                access_log off;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                upstream backend {
                    server 127.0.0.1:{{serverPort}};
                    keepalive 16;
                    keepalive_requests 1000000;
                }
                server {
                    listen 127.0.0.1:{{port}} ssl http2;
                    ssl_certificate server.pem;
                    ssl_certificate_key server.key;
                    keepalive_requests {{KeepAliveRequests}};
                    location / { grpc_pass grpc://backend; }
                }
            }
            """);
        return folder;
    }

    private static string ReadLog(TempFolder folder)
    {
        var path = folder.PathOf("error.log");
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool Listens(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
