using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>A web application with pooled clients, seen in every way that there is: health, metrics, log, snapshot, page and channelz.</summary>
internal sealed class ShownHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly LogWatch _log;
    private readonly HttpClient _http = new();

    private ShownHost(WebApplication application, LogWatch log, Telemetry metrics)
    {
        _application = application;
        _log = log;
        Metrics = metrics;
    }

    public IServiceProvider Services => _application.Services;

    public Telemetry Metrics { get; }

    public PooledClientsSnapshot Snapshot => Services.GetRequiredService<IPooledClientsDiagnostics>().Capture();

    /// <summary>Gets where the page is; the next address is that of channelz.</summary>
    public IReadOnlyList<Uri> Addresses => [.. Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(static address => new Uri(address))];

    public static async Task<ShownHost> StartAsync(LogWatch log, Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug).AddFilter("Grpc", LogLevel.None).AddFilter("Microsoft", LogLevel.None).AddFilter("System", LogLevel.None);
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        var metrics = new Telemetry();
        builder.Services.AddSingleton<IMeterFactory>(metrics);
        builder.Services.AddGrpc();
        builder.Services.AddHealthChecks().AddPooledClients();
        configure(builder.Services);
        var application = builder.Build();
        application.MapPooledClients();
        application.MapPooledClientsChannelz();
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new ShownHost(application, log, metrics);
    }

    public async Task<HealthReportEntry> CheckAsync() =>
        (await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken)).Entries["pooled_clients"];

    public Task<string> GetPageAsync() => _http.GetStringAsync(new Uri(Addresses[0], "/debug/pooled-clients"), TestContext.Current.CancellationToken);

    /// <summary>Gets the warnings whose message contains a text.</summary>
    public IEnumerable<LogEntry> Warnings(string text) => _log.Entries.Where(entry => entry.Level == LogLevel.Warning && entry.Message.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits for a warning as long as a fault may take to show.</summary>
    public async Task WarnsAsync(string text)
    {
        for (var began = Stopwatch.GetTimestamp(); !Warnings(text).Any();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5), $"No warning within 5 s: {text}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _application.DisposeAsync();
        Metrics.Dispose();
    }
}
