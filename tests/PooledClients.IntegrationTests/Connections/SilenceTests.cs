using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Relays;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>A connection that is dead and does not say so is found by the silence in which a call reaches its deadline.</summary>
public class SilenceTests : WatchedTest
{
    // Longer than the silence that the rule asks for.
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1.2);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(0.3);

    [Fact]
    public async Task Call_AfterOneRanIntoItsDeadlineInABlackHole_Succeeds()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Relay(server.Port);
        await using var clients = await ClientHost.StartAsync(Log, relay.AddressFor(server.Address));
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        await IsQuietAsync(clients);

        relay.BlackHole();
        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow + Long));
        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Equal(2, relay.Accepted);
        Assert.Equal(1, server.Behavior.Processed("Put"));
    }

    // The channel's own timer and what it tells the server begin before its credentials are read.
    [Fact]
    public async Task Call_AfterOneWithSlowCredentialsRanIntoItsDeadlineInABlackHole_Succeeds()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Relay(server.Port);
        await using var clients = await ClientHost.StartAsync(Log, relay.AddressFor(server.Address));
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        await IsQuietAsync(clients);
        var slow = CallCredentials.FromInterceptor(static (_, _) => Task.Delay(TimeSpan.FromMilliseconds(50)));

        relay.BlackHole();
        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, new CallOptions(deadline: DateTime.UtcNow + Long + Long, credentials: slow)));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Contains("reached its deadline", failure.Status.Detail, StringComparison.Ordinal);
        await clients.KeyValue.PutAsync(Calls.AnyPut);
        Assert.Equal(2, relay.Accepted);
    }

    [Fact]
    public async Task Call_AfterAnIdleTimeInWhichTheConnectionDied_IsReplacedToo()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Relay(server.Port);
        await using var clients = await ClientHost.StartAsync(Log, relay.AddressFor(server.Address));
        await clients.KeyValue.GetManyAsync(20);
        await IsQuietAsync(clients);

        relay.BlackHole();
        var failures = await Task.WhenAll(Enumerable.Range(0, 20).Select(
            _ => Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow + Long))));
        await clients.KeyValue.GetManyAsync(20);

        Assert.All(failures, failure => Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode));
        Assert.Equal(2, relay.Accepted);
    }

    [Fact]
    public async Task Call_SlowWhileOthersAreAnswered_ReplacesNothing()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        server.Behavior.Hold();
        var slow = Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow + Long));
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);
        using var noise = new CancellationTokenSource();
        var others = KeepTalkingAsync(noise.Token);

        Assert.Equal(StatusCode.DeadlineExceeded, (await slow).StatusCode);
        await noise.CancelAsync();
        await others;

        Assert.Equal((1, 1), (clients.Transport.Endpoint!.Connections.Current.Length, server.Connections.Accepted));

        // A call that the server does not know is answered whatever its service holds.
        async Task KeepTalkingAsync(CancellationToken cancellationToken)
        {
            var invoker = clients.Get<IGrpcChannelPool>().GetChannel("KeyValue").CreateCallInvoker();
            while (!cancellationToken.IsCancellationRequested)
            {
                var unknown = invoker.AsyncUnaryCall(UnknownMethod, null, default, Calls.AnyGet);
                Assert.Equal(StatusCode.Unimplemented, (await Calls.FailureOf(unknown)).StatusCode);
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task Call_CancelledInABlackHole_ReplacesNothing()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Relay(server.Port);
        await using var clients = await ClientHost.StartAsync(Log, relay.AddressFor(server.Address));
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        relay.BlackHole();
        using var cancellation = new CancellationTokenSource(Long);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: cancellation.Token));

        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        Assert.Single(clients.Transport.Endpoint!.Connections.Current);
        Assert.Empty(clients.Transport.Endpoint.Connections.Retired);
    }

    [Fact]
    public async Task Call_ShortDeadlineInABlackHole_ReplacesNothing()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Relay(server.Port);
        await using var clients = await ClientHost.StartAsync(Log, relay.AddressFor(server.Address));
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        relay.BlackHole();

        await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow + Short));

        Assert.Single(clients.Transport.Endpoint!.Connections.Current);
        Assert.Empty(clients.Transport.Endpoint.Connections.Retired);
    }

    // A byte counts as heard until the read after it is made, which may be after the call that it answered is over.
    private static Task IsQuietAsync(ClientHost clients)
    {
        var connection = Assert.Single(clients.Transport.Endpoint!.Connections.Current);
        return Eventually.HoldsAsync(() => connection.Wire!.SilentFor >= Short);
    }

    private static readonly Method<RocksDb.V1.GetRequest, RocksDb.V1.GetResponse> UnknownMethod = new(
        MethodType.Unary,
        "rocksdb.v1.KeyValue",
        "Unknown",
        Marshallers.Create(Google.Protobuf.MessageExtensions.ToByteArray, RocksDb.V1.GetRequest.Parser.ParseFrom),
        Marshallers.Create(Google.Protobuf.MessageExtensions.ToByteArray, RocksDb.V1.GetResponse.Parser.ParseFrom));
}
