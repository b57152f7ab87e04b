using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>A test that sees what its hosts record through the OpenTelemetry SDK.</summary>
public abstract class MeasuredTest : WatchedTest, IDisposable
{
    /// <summary>How many bounds the buckets of latencies have.</summary>
    protected const int Latencies = 41;

    /// <summary>How many bounds the buckets of waits have.</summary>
    protected const int Waits = 10;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected Telemetry Seen { get; } = new();

    public new void Dispose()
    {
        Seen.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static string Target(TestServer server) => server.Address.GetLeftPart(UriPartial.Authority);

    private protected Task<ClientHost> StartAsync(TestServer server, Action<PooledGrpcClientOptions>? configure = null) => StartAsync(server.Address, configure);

    private protected Task<ClientHost> StartAsync(Uri address, Action<PooledGrpcClientOptions>? configure = null) =>
        StartAsync(services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(address);
            configure?.Invoke(options);
        }));

    private protected Task<ClientHost> StartAsync(Action<IServiceCollection> configure) => ClientHost.StartAsync(Log, services =>
    {
        services.AddSingleton<IMeterFactory>(Seen);
        configure(services);
    });

    private protected IEnumerable<Telemetry.Point> Mine(string instrument, string target) => Seen.Read(instrument).Where(point => point.Has(target));
}
