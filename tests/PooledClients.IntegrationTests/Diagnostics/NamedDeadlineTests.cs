using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>A server keeps the deadline of a stream too, and may name it first, in headers that are all there is.</summary>
public sealed class NamedDeadlineTests : WatchedTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Stream_WhoseServerNamesItsDeadlineFirst_IsCountedOnce(bool isDuplex, bool isRetried)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var request = await connection.ReceiveAsync();
                clock.Advance(Deadline);
                await connection.SendRefusalAsync(request.StreamId, "4");
                await connection.Ended;
            },
            tls: false);
        await using var clients = await ClientHost.StartAsync(Log, services => services.AddSingleton<TimeProvider>(clock).AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(server.Address);
            options.Resilience.Retry.Enabled = isRetried;
        }));
        var until = DateTime.UtcNow + Deadline;

        if (isDuplex)
        {
            using var exchange = clients.KeyValue.Exchange(deadline: until);
            await FailsAsync(exchange.ResponseStream.MoveNext);
        }
        else
        {
            using var scan = clients.KeyValue.Scan(new ScanRequest(), deadline: until);
            await FailsAsync(scan.ResponseStream.MoveNext);
        }

        var method = Assert.Single(clients.Get<IPooledClientsDiagnostics>().Capture().Methods);
        Assert.Equal(1, method.DeadlinesByPhase.Values.Sum());
    }

    private static async Task FailsAsync(Func<CancellationToken, Task<bool>> next) =>
        Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => next(TestContext.Current.CancellationToken))).StatusCode);
}
