using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Servers;

/// <summary>The server's own counts, read through a plain channel: what the other tests judge by.</summary>
public class TestServerTests
{
    [Fact]
    public async Task Calls_OverTls_AreCountedWithTheirConnectionAndHeaders()
    {
        await using var server = await TestServer.StartAsync();
        using var channel = CreateChannel(server);
        var client = new KeyValue.KeyValueClient(channel);
        var key = ByteString.CopyFromUtf8("key");

        await client.PutAsync(new PutRequest { Database = "db", Key = key, Value = key }, new Metadata { { "x-test", "1" } });
        var answer = await client.GetAsync(new GetRequest { Database = "db", Key = key });

        Assert.Equal(key, answer.Value);
        Assert.Equal((1, 1), (server.Connections.Accepted, server.Connections.Handshakes));
        Assert.Equal((1, 1, 2), (server.Behavior.Processed("Get"), server.Behavior.Processed("Put"), server.Behavior.TotalProcessed));
        Assert.Equal("1", server.Requests.First().Headers["x-test"]);
        Assert.Single(server.Requests.Select(request => request.Connection).Distinct());
    }

    [Fact]
    public async Task Hold_UntilReleased_KeepsCallsInFlight()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new KeyValue.KeyValueClient(channel);
        server.Behavior.Hold();

        var call = client.GetAsync(new GetRequest()).ResponseAsync;
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);
        Assert.False(call.IsCompleted);
        server.Behavior.Release();
        await call;
    }

    [Fact]
    public async Task CloseGracefully_OpenConnection_IsReplacedByTheNextCall()
    {
        await using var server = await TestServer.StartAsync();
        using var channel = CreateChannel(server);
        var client = new KeyValue.KeyValueClient(channel);
        await client.GetAsync(new GetRequest());

        server.Connections.CloseGracefully();
        await Eventually.EqualAsync(0, () => server.Connections.Open);

        // A plain channel may not have heard of it yet, and then fails a call for it.
        for (var attempt = 0; attempt < 100 && server.Connections.Accepted < 2; attempt++)
        {
            await Record.ExceptionAsync(() => client.GetAsync(new GetRequest()).ResponseAsync);
        }

        await client.GetAsync(new GetRequest());

        Assert.Equal(2, server.Connections.Accepted);
    }

    private static GrpcChannel CreateChannel(TestServer server)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(TestAuthority.Shared.Certificate);
        var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
        return GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
