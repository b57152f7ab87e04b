using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http;
using Grpc.Core;
using PooledClients.Grpc.Messages;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A server may read before it has said anything: only what was held back until its SETTINGS is proven to be processed by nobody.</summary>
public sealed class BeforeSettingsTests
{
    private static readonly int Whole = Calls.AnyPut.CalculateSize() + 5;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_ServerReadsTheMessageAndEndsWithoutAWord_IsProcessedOnceAtMost(bool cuts)
    {
        var processed = 0;
        await using var server = new RawHttp2Server(connection => ReadAndEndAsync(connection, cuts, () => Interlocked.Increment(ref processed)));
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.InRange(processed, 0, 1);
    }

    // Whoever reads the content has the runtime keep a copy, which nobody can hold back.
    [Fact]
    public async Task Put_ItsContentWasRead_IsProcessedOnceAtMost()
    {
        var processed = 0;
        await using var server = new RawHttp2Server(connection => ReadAndEndAsync(connection, cuts: false, () => Interlocked.Increment(ref processed)));
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);
        using var observer = new ContentReader(server.Address.Authority);
        using var subscription = DiagnosticListener.AllListeners.Subscribe(observer);

        await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.InRange(observer.Read, 1, 10);
        Assert.Equal(1, processed);
    }

    [Fact]
    public async Task Put_ServerEndsBeforeItSpeaks_IsHeldBackAndSentAgain()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            if (connection.Number < 3)
            {
                // HTTP/2 begins with the call.
                var began = new TaskCompletionSource();
                connection.BeforeFrame = () =>
                {
                    began.TrySetResult();
                    return Task.CompletedTask;
                };
                await began.Task;
                connection.Close();
                return;
            }

            await connection.SendSettingsAsync();
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(3, server.Connections.Count);
        Assert.Equal([Whole], server.Requests.Select(static request => request.Bytes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_OnAConnectionWhoseServerHasSpoken_IsHeldBackByNothing(bool isWarmedUp)
    {
        await using var server = new RawHttp2Server(static async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(log: null, server.Address, options => options.WarmUp = isWarmedUp);
        var held = new ConcurrentQueue<bool>();
        using var observer = new ContentReader(server.Address.Authority, request => held.Enqueue(((SentContent)request.Content!).Hold is not null));
        using var subscription = DiagnosticListener.AllListeners.Subscribe(observer);

        for (var i = 0; i < 4; i++)
        {
            await clients.KeyValue.PutAsync(Calls.AnyPut);
        }

        Assert.Equal([!isWarmedUp, false, false, false], held);
        Assert.Single(server.Connections);
    }

    // It breaks the protocol, but others serve it.
    [Fact]
    public async Task Put_ServerSpeaksOnlyWhenItHasRead_IsAnswered()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.ReceiveCompleteAsync();
            await connection.SendSettingsAsync();
            await connection.AnswerAsync(1);
        });
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Single(server.Requests);
    }

    private static async Task ReadAndEndAsync(RawHttp2Connection connection, bool cuts, Action processed)
    {
        connection.OnBytes = request =>
        {
            if (request.Bytes == Whole)
            {
                processed();
                if (cuts)
                {
                    connection.Cut();
                }
                else
                {
                    connection.HalfClose();
                }
            }
        };
        await connection.Ended;
    }
}
