using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Servers;
using RocksDb.V1;

namespace PooledClients.Scenarios.Watching;

/// <summary>
/// The faults that the library shows, left open for a person to look at: a service under load whose one server is dead, another's
/// certificate about to expire, whose HTTP responses leak, and who holds a stream.
/// </summary>
internal static class WatchProgram
{
    public const string Name = "watch";

    private static readonly TimeSpan ShortLife = TimeSpan.FromHours(4);

    public static async Task<int> RunAsync(BenchOptions options)
    {
        using var folder = new TemporaryFolder();
        using var certificates = new Certificates(folder.Path);
        await using var server = await WatchedServer.StartAsync(certificates.IssueServer("expiring", ShortLife));
        var dead = DeadPort();

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.Listen(IPAddress.Loopback, options.Port + 1, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        builder.Services.AddHealthChecks().AddPooledClients();
        builder.Services.AddOpenTelemetry().WithMetrics(static metrics => metrics.AddMeter("PooledClients").AddMeter("System.Net.Http").AddPrometheusExporter());
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>("healthy", client => Configure(client, server.Port, certificates));
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>("dead", client => Configure(client, dead, certificates));
        builder.Services.AddPooledHttpClient("leaky", client =>
        {
            client.BaseAddress = new Uri($"https://localhost:{server.Port}");
            client.Tls.CaCertificatePath = certificates.CaPath;
            client.ResponseHeldWarning = TimeSpan.FromSeconds(5);
        });
        builder.Services.AddHostedService<WatchLoad>();

        await using var application = builder.Build();
        application.MapPooledClients();
        application.MapPooledClientsChannelz();
        application.MapHealthChecks("/health");
        application.MapPrometheusScrapingEndpoint();
        await application.StartAsync();
        Console.WriteLine($"""
            The page:     http://localhost:{options.Port}/debug/pooled-clients   (curl it for plain text)
            Prometheus:   http://localhost:{options.Port}/metrics
            Health:       http://localhost:{options.Port}/health
            Channelz:     localhost:{options.Port + 1} (clear-text HTTP/2)
            """);
        using var end = options.Seconds is { } seconds ? new CancellationTokenSource(TimeSpan.FromSeconds(seconds)) : new CancellationTokenSource();
        await HostingAbstractionsHostExtensions.WaitForShutdownAsync(application, end.Token);
        return 0;
    }

    private static void Configure(PooledGrpcClientOptions client, int port, Certificates certificates)
    {
        client.Address = new Uri($"https://localhost:{port}");
        client.Tls.CaCertificatePath = certificates.CaPath;
        client.Deadline = TimeSpan.FromSeconds(1);
    }

    // A port that was free a moment ago: nobody listens there.
    private static int DeadPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
