using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>Connections that end without a word, or say half of one.</summary>
public class ConnectionEndTests : WatchedTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Put_ConnectionEndsBeforeItsFirstSettings_IsDialedAgain(int ending)
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            if (connection.Number <= ending)
            {
                connection.Close();
                return;
            }

            await connection.SendSettingsAsync();
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(ending + 1, server.Connections.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_ConnectionEndsBeforeTheAnswer_FailsAndIsNotSentAgain(bool byReset)
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.ReceiveCompleteAsync();
            if (byReset)
            {
                connection.Cut();
            }
            else
            {
                connection.Close();
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Put_ServerHalfClosesInFlight_FailsAndTheNextCallConnectsAnew()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            if (connection.Number == 1)
            {
                await connection.ReceiveCompleteAsync();
                connection.HalfClose();
            }

            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal([1, 2], server.Requests.Select(request => request.Connection));
    }

    [Fact]
    public async Task Put_ServerHalfClosedWhileIdle_IsServedByANewConnection()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            if (connection.Number == 1)
            {
                await connection.AnswerAsync((await connection.ReceiveCompleteAsync()).StreamId);
                connection.HalfClose();
            }

            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.PutAsync(Calls.AnyPut);
        await Eventually.EqualAsync(0, () => clients.Transport.Connections);
        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal([1, 2], server.Requests.Select(request => request.Connection));
    }

    [Fact]
    public async Task Get_HeadersWithoutEnd_EndsAtItsDeadline()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            var request = await connection.ReceiveCompleteAsync();

            // No other frame may come between the parts of a header block.
            connection.AnswersPings = false;
            await connection.SendHeadersAsync(request.StreamId, endHeaders: false);
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(0.5)));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
    }

    [Fact]
    public async Task Put_HeadersWithoutEndThenClosed_FailsAndIsNotSentAgain()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            var request = await connection.ReceiveCompleteAsync();
            await connection.SendHeadersAsync(request.StreamId, endHeaders: false);
            connection.Close();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Single(server.Requests);
    }
}
