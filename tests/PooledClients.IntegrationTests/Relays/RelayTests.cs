using Grpc.Core;
using Grpc.Net.Client;
using PooledClients.TestBed.Relays;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Relays;

public class RelayTests
{
    [Fact]
    public async Task BlackHole_OpenConnection_SwallowsWithoutClosing()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var relay = new Relay(server.Port);
        using var channel = GrpcChannel.ForAddress(relay.AddressFor(server.Address));
        var client = new KeyValue.KeyValueClient(channel);
        await client.GetAsync(new GetRequest());

        relay.BlackHole();
        var call = client.GetAsync(new GetRequest(), deadline: DateTime.UtcNow.AddMilliseconds(200)).ResponseAsync;

        Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        Assert.Equal((1, 1), (server.Behavior.TotalProcessed, server.Connections.Open));
    }

    [Fact]
    public async Task Cut_OpenConnection_EndsItsCalls()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var relay = new Relay(server.Port);
        using var channel = GrpcChannel.ForAddress(relay.AddressFor(server.Address));
        server.Behavior.Hold();
        var call = new KeyValue.KeyValueClient(channel).GetAsync(new GetRequest()).ResponseAsync;
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);

        relay.Cut();

        await Assert.ThrowsAsync<RpcException>(() => call);
    }
}
