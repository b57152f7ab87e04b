using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>This library's gRPC clients, in a host as a service has it.</summary>
internal sealed class PooledGrpc() : GrpcContender("pooled", "this library: AddPooledGrpcClient, each stub resolved once and reused")
{
    public override GrpcClients Build(GrpcClientSettings settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        for (int client = 0; client < settings.Clients; client++)
        {
            Uri address = settings.Address(client);
            builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Key(client), options => Configure(options, address, settings));
        }

        IHost host = builder.Build();
        host.Start();
        return new Clients(host, settings.Clients);
    }

    private static void Configure(PooledGrpcClientOptions options, Uri address, GrpcClientSettings settings)
    {
        options.Address = address;
        options.Deadline = TimeSpan.FromSeconds(settings.DeadlineSeconds);
        options.WaitForReady = settings.WaitForReady;
        options.Tls.CaCertificatePath = settings.CaPath;
        options.Tls.ClientCertificatePath = settings.ClientCertificatePath;
        options.Tls.ClientKeyPath = settings.ClientKeyPath;
        options.Tls.ReloadInterval = TimeSpan.FromSeconds(settings.ReloadSeconds);
        options.Connection.MaxConnections = settings.MaxConnections;
        options.Resilience.MaxAttempts = settings.MaxAttempts ?? options.Resilience.MaxAttempts;
        options.Resilience.BreakerFailureRatio = settings.Breaker ? options.Resilience.BreakerFailureRatio : null;
        if (settings.LifetimeSeconds is { } lifetime)
        {
            options.Connection.Lifetime = TimeSpan.FromSeconds(lifetime);
        }
    }

    private static string Key(int client) => "client" + client.ToString(CultureInfo.InvariantCulture);

    private sealed class Clients(IHost host, int count) : GrpcClients
    {
        private readonly KeyValue.KeyValueClient[] _stubs =
            [.. Enumerable.Range(0, count).Select(client => host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>(Key(client)))];

        public override StubLease Take(int client) => new(_stubs[client]);

        public override async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}
