using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>The server's own limit of streams, which the runtime does not wait to hear.</summary>
public class StreamLimitTests : WatchedTest
{
    [Fact]
    public async Task Get_200ColdCallsOnALimitOf10_AreAllServedAndLaterOnesNeverRefused()
    {
        var limiter = new StreamLimiter(limit: 10);
        await using var server = new RawHttp2Server(limiter.ServeAsync);
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.GetManyAsync(200);
        var refusedCold = limiter.Refused;
        await clients.KeyValue.GetManyAsync(2000);

        Assert.Equal(2200, limiter.Served);
        Assert.Equal(refusedCold, limiter.Refused);
    }

    [Fact]
    public async Task Get_200ColdCallsOnAKestrelWith10Streams_AreAllServed()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { MaxStreams = 10 });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.GetManyAsync(200);

        Assert.Equal(200, server.Behavior.TotalProcessed);
    }

    [Fact]
    public async Task Calls_SettingsComeLate_WaitForThemAndShareTheConnection()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(async connection =>
        {
            await started.Task;
            await connection.SendSettingsAsync(maxStreams: 100);
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var calls = clients.KeyValue.GetManyAsync(50);
        await Eventually.HoldsAsync(() => !server.Requests.IsEmpty);
        started.SetResult();
        await calls;

        Assert.Single(server.Connections);
    }

    [Fact]
    public async Task Calls_LimitLoweredWhileStreamsAreOpen_FinishAndSoDoLaterOnes()
    {
        var limiter = new StreamLimiter(limit: 5);
        var lowered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(async connection =>
        {
            if (connection.Number == 1)
            {
                await connection.SendSettingsAsync(maxStreams: 100);
                var requests = new List<RawRequest>();
                while (requests.Count < 50)
                {
                    requests.Add(await connection.ReceiveCompleteAsync());
                }

                await connection.SendSettingsAsync(limiter.Limit);
                foreach (var request in requests)
                {
                    await connection.AnswerAsync(request.StreamId);
                }

                lowered.SetResult();
            }

            await limiter.ServeAsync(connection);
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.GetManyAsync(50);
        await lowered.Task;
        await clients.KeyValue.GetManyAsync(500);

        // The runtime keeps to it on a connection that is up; on a new one a refusal has to teach it, and fails no call.
        Assert.Equal(500, limiter.Served);
    }

    [Fact]
    public async Task Calls_64ColdAtOnce_ShareOneConnection()
    {
        for (var round = 0; round < 20; round++)
        {
            await using var server = await TestServer.StartAsync();
            await using var clients = await ClientHost.StartAsync(Log, server.Address);

            await clients.KeyValue.GetManyAsync(64);

            Assert.Equal(1, server.Connections.Accepted);
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(350)]
    public async Task Streams_HeldOpen_UseAsManyConnectionsAsTheyNeed(int count)
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        server.Behavior.Hold();

        var scans = Enumerable.Range(0, count).Select(_ => clients.KeyValue.ScanAsync()).ToArray();
        await Eventually.EqualAsync(count, () => server.Behavior.InFlight);

        Assert.Equal((count + 99) / 100, server.Connections.Accepted);
        server.Behavior.Release();
        await Task.WhenAll(scans);
    }

    [Fact]
    public async Task Streams_MoreThanTheCapCarries_AreServedInTheEndWithinIt()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Connection.MaxConnections = 2);
        server.Behavior.Hold();

        var scans = Enumerable.Range(0, 350).Select(_ => clients.KeyValue.ScanAsync()).ToArray();
        await Eventually.EqualAsync(200, () => server.Behavior.InFlight);
        server.Behavior.Release();
        await Task.WhenAll(scans);

        Assert.Equal(350, server.Behavior.TotalProcessed);
        Assert.InRange(server.Connections.MostOpen, 1, 2);
    }
}
