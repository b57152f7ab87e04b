using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>GOAWAY: streams above its last id were not processed, those up to it may have been, whatever its error code.</summary>
public class GoAwayTests : WatchedTest
{
    public static TheoryData<int> ErrorCodes => [.. Enum.GetValues<ErrorCode>().Select(code => (int)code)];

    [Theory]
    [MemberData(nameof(ErrorCodes))]
    public async Task Put_InFlightAboveTheLastStream_IsSentAgainElsewhere(int code)
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            if (connection.Number == 1)
            {
                await connection.ReceiveCompleteAsync();
                await connection.SendGoAwayAsync(lastStreamId: 0, (ErrorCode)code);
            }

            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal([1, 2], server.Requests.Select(request => request.Connection));
    }

    [Theory]
    [MemberData(nameof(ErrorCodes))]
    public async Task Put_InFlightUpToTheLastStreamAndNeverAnswered_FailsAndIsNotSentAgain(int code)
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            var request = await connection.ReceiveCompleteAsync();
            await connection.SendGoAwayAsync(request.StreamId, (ErrorCode)code);
            connection.Close();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Calls_InFlightWhenTheConnectionDrains_AreAnsweredOnItAndNewOnesGoElsewhere()
    {
        var goneAway = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            if (connection.Number > 1)
            {
                await connection.ServeAsync();
                return;
            }

            // Answered first, so that the connection is known to carry more than one call before there are more.
            await connection.AnswerAsync((await connection.ReceiveCompleteAsync()).StreamId);
            var unary = await connection.ReceiveCompleteAsync();
            var scan = await connection.ReceiveCompleteAsync();
            await connection.SendHeadersAsync(scan.StreamId);
            await connection.SendGoAwayAsync(scan.StreamId, ErrorCode.NoError);
            goneAway.SetResult();
            await Task.WhenAny(answer.Task, connection.Ended);
            await connection.AnswerAsync(unary.StreamId);
            await connection.SendMessageAsync(scan.StreamId);
            await connection.SendTrailersAsync(scan.StreamId);
            connection.Close();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.PutAsync(Calls.AnyPut);
        var draining = clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync;
        await Eventually.EqualAsync(2, () => server.Requests.Count);
        var streaming = clients.KeyValue.ScanAsync();
        await goneAway.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await Eventually.HoldsAsync(() => SendsElsewhere(clients, server));
        answer.SetResult();

        await draining;
        Assert.Equal(1, await streaming);
    }

    [Fact]
    public async Task Put_GracefulGoAwayThenTheRealOne_IsSentAgainWhenAboveIt()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            if (connection.Number == 1)
            {
                await connection.ReceiveCompleteAsync();
                await connection.SendGoAwayAsync(int.MaxValue, ErrorCode.NoError);
                await connection.SendGoAwayAsync(0, ErrorCode.NoError);
                connection.Close();
            }

            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal([1, 2], server.Requests.Select(request => request.Connection));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Get_ConnectionsThatGoAwayBeforeAnyRequest_IsServedByTheFirstThatStays(int leaving)
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            if (connection.Number <= leaving)
            {
                await connection.SendGoAwayAsync(0, ErrorCode.NoError);
                connection.HalfClose();
                return;
            }

            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.GetAsync(Calls.AnyGet);

        Assert.Single(server.Requests, request => request.Connection > leaving);
    }

    [Fact]
    public async Task Put_EveryConnectionGoesAway_FailsUnavailableAfterABoundedNumber()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.SendGoAwayAsync(0, ErrorCode.NoError);
            connection.HalfClose();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Deadline = Timeout.InfiniteTimeSpan);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.InRange(server.Connections.Count, 1, 100);
    }

    // A call that took its stream at the very moment of the GOAWAY is above its last stream: nobody answers it.
    private static bool SendsElsewhere(ClientHost clients, RawHttp2Server server)
    {
        try
        {
            clients.KeyValue.Get(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(1));
            return server.Requests.Last().Connection == 2;
        }
        catch (RpcException)
        {
            return false;
        }
    }
}
