using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>One plain channel a client, well configured and shared by all callers.</summary>
internal sealed class SharedChannel() : GrpcContender(
    "grpc-channel", "one GrpcChannel shared by all callers, over a SocketsHttpHandler with several HTTP/2 connections, stub reused")
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

            // What a careful user does by hand: the calls of the old channels get their deadline to end.
            _ = DisposeLaterAsync(last);
        }

        public override ValueTask DisposeAsync()
        {
            _set.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task DisposeLaterAsync(Set set)
        {
            await Task.Delay(TimeSpan.FromSeconds(settings.DeadlineSeconds));
            set.Dispose();
        }
    }

    private sealed class Set : IDisposable
    {
        private readonly GrpcChannel[] _channels;

        public Set(GrpcClientSettings settings)
        {
            var roots = Trust.Read(settings.CaPath);

            // A careful user shares one channel between the clients of one address.
            _channels = [.. settings.Addresses.Select(address => GrpcChannel.ForAddress(address, Options(settings, roots)))];
            Stubs = [.. Enumerable.Range(0, settings.Clients).Select(client => new KeyValue.KeyValueClient(_channels[client / settings.ClientsPerAddress]))];
        }

        public KeyValue.KeyValueClient[] Stubs { get; }

        public void Dispose()
        {
            foreach (var channel in _channels)
            {
                channel.Dispose();
            }
        }

        private static GrpcChannelOptions Options(GrpcClientSettings settings, X509Certificate2Collection roots)
        {
            return new GrpcChannelOptions
            {
                HttpHandler = Trust.GrpcHandler(Trust.Options(roots, settings.ClientCertificatePath, settings.ClientKeyPath), settings.LifetimeSeconds),
                DisposeHttpClient = true,
                MaxRetryAttempts = settings.MaxAttempts ?? 1,
                ServiceConfig = ServiceConfigs.Retries(settings.MaxAttempts),
            };
        }
    }
}
