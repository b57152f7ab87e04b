using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>A server or a proxy that resets a stream at its deadline is told as that deadline: it is no failure of theirs, and no cancellation.</summary>
public sealed class ResetDeadlineTests : MeasuredTest
{
    private const int Calls = 3;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("Get", false)]
    [InlineData("Get", true)]
    [InlineData("Scan", false)]
    [InlineData("Load", false)]
    public async Task Calls_WhoseStreamsAreResetAtTheirDeadline_ReachItAndAreNotHeldAgainstTheServer(string method, bool isRetried)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var requests = new List<RawRequest>();
                while (requests.Count < Calls)
                {
                    requests.Add(await connection.ReceiveAsync());
                }

                await Task.WhenAll(method == "Load" ? [] : requests.Select(static request => request.Complete));
                clock.Advance(Deadline);
                foreach (var request in requests)
                {
                    await connection.SendResetAsync(request.StreamId, ErrorCode.Cancel);
                }

                await connection.Ended;
            },
            tls: false);
        await using var host = await StartAsync(clock, server.Address, isRetried);
        var until = DateTime.UtcNow + Deadline;

        var failures = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => Record.ExceptionAsync(() => CallAsync(host.KeyValue, method, until)).AsTask()));

        Assert.All(failures, static failure => Assert.Equal(StatusCode.DeadlineExceeded, Assert.IsType<RpcException>(failure).StatusCode));
        Assert.All(failures, static failure => Assert.Contains("while it waited for the response of", ((RpcException)failure!).Status.Detail, StringComparison.Ordinal));
        Assert.True(host.Get<GrpcChannelPool>().Handlers.Single().Breaker!.IsClosed);
        await AreDeadlinesAsync(host, server.Address, method, Calls);
    }

    // The channel goes by a clock of its own.
    [Fact]
    public async Task Stream_ResetAtItsDeadlineAfterItsHeaders_IsACallThatReachedIt()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var request = await connection.ReceiveCompleteAsync();
                await connection.SendHeadersAsync(request.StreamId);
                await connection.SendMessageAsync(request.StreamId);
                await read.Task;
                clock.Advance(Deadline);
                await connection.SendResetAsync(request.StreamId, ErrorCode.Cancel);
                await connection.Ended;
            },
            tls: false);
        await using var host = await StartAsync(clock, server.Address, isRetried: false);
        using var scan = host.KeyValue.Scan(new ScanRequest(), deadline: DateTime.UtcNow + Deadline);
        Assert.True(await scan.ResponseStream.MoveNext(Token));
        read.SetResult();

        await Assert.ThrowsAsync<RpcException>(() => scan.ResponseStream.MoveNext(Token));

        await AreDeadlinesAsync(host, server.Address, "Scan", 1);
    }

    private static async Task CallAsync(KeyValue.KeyValueClient client, string method, DateTime until)
    {
        switch (method)
        {
            case "Get":
                await client.GetAsync(new GetRequest(), deadline: until);
                break;
            case "Scan":
                using (var scan = client.Scan(new ScanRequest(), deadline: until))
                {
                    await scan.ResponseStream.MoveNext(Token);
                }

                break;
            default:
                using (var load = client.Load(deadline: until))
                {
                    await load.ResponseAsync;
                }

                break;
        }
    }

    private Task<ClientHost> StartAsync(FakeTimeProvider clock, Uri address, bool isRetried) =>
        StartAsync(services => services.AddSingleton<TimeProvider>(clock).AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(address);
            options.Connection.MaxConnections = 1;
            options.Resilience.Retry.Enabled = isRetried;
            (options.Resilience.Breaker.MinimumThroughput, options.Resilience.Breaker.FailureRatio) = (2, 0.1);
        }));

    private async Task AreDeadlinesAsync(ClientHost host, Uri address, string method, int calls)
    {
        string[] ofMethod = [$"grpc.method=rocksdb.v1.KeyValue/{method}", $"grpc.target={address.GetLeftPart(UriPartial.Authority)}"];
        foreach (var instrument in (string[])["grpc.client.call.duration", "grpc.client.attempt.duration"])
        {
            Assert.Equal(calls, (await Seen.WaitForAsync(instrument, [.. ofMethod, "grpc.status=DEADLINE_EXCEEDED"])).Value);
            Assert.DoesNotContain(Mine(instrument, ofMethod[1]), static point => point.Has("grpc.status=CANCELLED"));
        }

        Assert.Equal(calls, Assert.Single(host.Get<IPooledClientsDiagnostics>().Capture().Methods).DeadlinesByPhase.Values.Sum());
    }
}
