using System.Globalization;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.DependencyInjection;
using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The framework's own factory of gRPC clients.</summary>
internal sealed class ClientFactory() : GrpcContender(
    "client-factory", "Grpc.Net.ClientFactory with the handler of grpc-channel, each client resolved once and reused")
{
    public override GrpcClients Build(GrpcClientSettings settings) => new Clients(settings);

    private sealed class Clients(GrpcClientSettings settings) : GrpcClients
    {
        private volatile Set _set = new(settings);

        public override StubLease Take(int client) => new(_set.Stubs[client]);

        public override void Rebuild()
        {
            var next = new Set(settings);
            var last = _set;
            _set = next;
            _ = DisposeLaterAsync(last);
        }

        public override ValueTask DisposeAsync() => _set.DisposeAsync();

        private async Task DisposeLaterAsync(Set set)
        {
            await Task.Delay(TimeSpan.FromSeconds(settings.DeadlineSeconds));
            await set.DisposeAsync();
        }
    }

    private sealed class Set : IAsyncDisposable
    {
        private readonly ServiceProvider _services;

        public Set(GrpcClientSettings settings)
        {
            var roots = Trust.Read(settings.CaPath);
            var services = new ServiceCollection();
            for (var client = 0; client < settings.Clients; client++)
            {
                var address = settings.Address(client);
                services.AddGrpcClient<KeyValue.KeyValueClient>(Name(client), options => options.Address = address)
                    .ConfigureChannel(options =>
                    {
                        options.MaxRetryAttempts = settings.MaxAttempts ?? 1;
                        options.ServiceConfig = ServiceConfigs.Retries(settings.MaxAttempts);
                    })
                    .ConfigurePrimaryHttpMessageHandler(() => Trust.GrpcHandler(
                        Trust.Options(roots, settings.ClientCertificatePath, settings.ClientKeyPath), settings.LifetimeSeconds));
            }

            _services = services.BuildServiceProvider();
            var factory = _services.GetRequiredService<GrpcClientFactory>();
            Stubs = [.. Enumerable.Range(0, settings.Clients).Select(client => factory.CreateClient<KeyValue.KeyValueClient>(Name(client)))];
        }

        public KeyValue.KeyValueClient[] Stubs { get; }

        public ValueTask DisposeAsync() => _services.DisposeAsync();

        private static string Name(int client) => client.ToString(CultureInfo.InvariantCulture);
    }
}
