using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Grpc;

/// <summary>That a call whose next attempt an open breaker keeps from being made ends as its last one did.</summary>
public sealed class RetryIntoBreakerTests : WatchedTest
{
    [Fact]
    public async Task Get_TheBreakerOpensBeforeTheNextAttempt_HasTheServersRefusalWithItsTrailers()
    {
        Log.Allow("breaker");
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            while (true)
            {
                var request = await connection.ReceiveCompleteAsync();
                await connection.SendAsync(
                    FrameType.Headers,
                    FrameFlags.EndHeaders | FrameFlags.EndStream,
                    request.StreamId,
                    Hpack.Encode([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "14"), ("grpc-message", "overloaded"), ("x-zone", "a")]));
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address, static options =>
        {
            (options.Resilience.Breaker.MinimumThroughput, options.Resilience.Breaker.FailureRatio) = (2, 0.1);
            options.Resilience.Breaker.BreakDuration = TimeSpan.FromHours(1);
            options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(1);
        });

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(new Status(StatusCode.Unavailable, "overloaded (2 attempts; the breaker has opened)").ToString(), new Status(failure.StatusCode, failure.Status.Detail).ToString());
        Assert.Equal("a", failure.Trailers.GetValue("x-zone"));
        Assert.Equal(2, server.Requests.Count);
    }
}
