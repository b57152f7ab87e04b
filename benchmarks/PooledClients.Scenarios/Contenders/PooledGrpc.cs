using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>This library's gRPC clients.</summary>
internal sealed class PooledGrpc(string name, string description, AdmissionMode admission) : GrpcContender(name, description)
{
    public PooledGrpc()
        : this("pooled", "this library: AddPooledGrpcClient, each stub resolved once and reused", AdmissionMode.Adaptive)
    {
    }

    public override GrpcClients Build(GrpcClientSettings settings) => new Clients(new PooledHost(settings, null, admission), settings.Clients);

    public override (GrpcClients Grpc, HttpClients Http) BuildBoth(GrpcClientSettings grpc, HttpClientSettings http)
    {
        var host = new PooledHost(grpc, http, admission);
        return (new Clients(host, grpc.Clients), new PooledHttp.Clients(host));
    }

    private sealed class Clients(PooledHost host, int count) : GrpcClients
    {
        private readonly KeyValue.KeyValueClient[] _stubs = [.. Enumerable.Range(0, count).Select(host.Stub)];

        public override StubLease Take(int client) => new(_stubs[client]);

        public override ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
