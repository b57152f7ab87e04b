using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.TestBed.Logs;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Clients;

/// <summary>A started host with pooled clients, as a user's service has it.</summary>
internal sealed class ClientHost : IAsyncDisposable
{
    private readonly IHost _host;

    private ClientHost(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    /// <summary>Gets the client that was added as <see cref="KeyValue.KeyValueClient"/> without a name.</summary>
    public KeyValue.KeyValueClient KeyValue => Get<KeyValue.KeyValueClient>();

    /// <summary>Gets the one transport, for tests with one address.</summary>
    public Transport Transport => Get<TransportRegistry>().Transports.Single();

    /// <summary>Starts a host whose container <paramref name="configure"/> fills and whose configuration is <paramref name="settings"/>.</summary>
    public static async Task<ClientHost> StartAsync(
        LogWatch? log, Action<IServiceCollection> configure, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        if (log is not null)
        {
            builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug).AddFilter("Grpc", LogLevel.None);
        }

        configure(builder.Services);
        var host = builder.Build();
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            host.Dispose();
            throw;
        }

        return new ClientHost(host);
    }

    /// <summary>Starts a host with one client, the unnamed <see cref="KeyValue.KeyValueClient"/>, connected to <paramref name="address"/>.</summary>
    public static Task<ClientHost> StartAsync(LogWatch? log, Uri address, Action<PooledGrpcClientOptions>? configure = null) =>
        StartAsync(log, services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(address);
            configure?.Invoke(options);
        }));

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public T Get<T>(string name)
        where T : notnull => Services.GetRequiredKeyedService<T>(name);

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable asyncHost)
        {
            await asyncHost.DisposeAsync();
        }
        else
        {
            _host.Dispose();
        }
    }
}
