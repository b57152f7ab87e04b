using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The incident: every call dials.</summary>
internal class DialPerCall(string name, string description) : GrpcContender(name, description)
{
    public DialPerCall()
        : this("dial-per-call", "each call reads the CA file, builds a handler and a channel, calls, and disposes them")
    {
    }

    public override GrpcClients Build(GrpcClientSettings settings) => new Clients(settings, () => Trust.Read(settings.CaPath));

    protected sealed class Clients(GrpcClientSettings settings, Func<X509Certificate2Collection> roots) : GrpcClients
    {
        public override StubLease Take(int client)
        {
            var channel = GrpcChannel.ForAddress(settings.Address(client), new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler { SslOptions = Trust.Options(roots()) },
                DisposeHttpClient = true,
            });
            return new StubLease(new KeyValue.KeyValueClient(channel), channel);
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
