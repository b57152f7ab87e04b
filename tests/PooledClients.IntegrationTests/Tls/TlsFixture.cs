using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.TestBed.Files;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Handshakes;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>The library's trust and identity without the rest of it: a registry, and handshakes by it.</summary>
internal sealed class TlsFixture : IDisposable
{
    private readonly ServiceProvider _services;

    public TlsFixture(TimeProvider? timeProvider = null, ILoggerProvider? logs = null)
    {
        var services = new ServiceCollection()
            .AddMetrics()
            .AddSingleton(timeProvider ?? TimeProvider.System)
            .AddSingleton<CertificateInventory>()
            .AddSingleton<TlsMetrics>()
            .AddSingleton<TlsRegistry>()
            .AddLogging(builder =>
            {
                if (logs is not null)
                {
                    builder.AddProvider(logs);
                }
            });
        _services = services.BuildServiceProvider();
    }

    public TempFolder Folder { get; } = new();

    public TlsRegistry Registry => _services.GetRequiredService<TlsRegistry>();

    public CertificateInventory Inventory => _services.GetRequiredService<CertificateInventory>();

    public IMeterFactory MeterFactory => _services.GetRequiredService<IMeterFactory>();

    // A server in a process of its own has its socket's file a moment before it listens on it.
    private static async Task<Socket> ConnectSocketAsync(EndPoint server, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(server, cancellationToken);
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && tries < 500)
            {
                socket.Dispose();
                await Task.Delay(10, cancellationToken);
            }
        }
    }

    /// <summary>Does a handshake as <see cref="SocketsHttpHandler"/> does and reads the server's byte.</summary>
    public static async Task<SslStream> ConnectAsync(TlsContext context, EndPoint server, string host, CancellationToken cancellationToken)
    {
        var stream = new SslStream(new NetworkStream(await ConnectSocketAsync(server, cancellationToken), ownsSocket: true));
        try
        {
            var options = context.CreateAuthenticationOptions();
            options.TargetHost = host;
            await stream.AuthenticateAsClientAsync(options, cancellationToken);
            await stream.ReadExactlyAsync(new byte[1], cancellationToken);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    public void Dispose()
    {
        _services.Dispose();
        Folder.Dispose();
    }
}
