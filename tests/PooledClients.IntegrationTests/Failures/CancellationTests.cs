using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>Who ends a call itself is told so, and as a plain channel tells it: neither is a fault of the server's.</summary>
public sealed class CancellationTests
{
    // Of what would never end: a loaded machine is no failure.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private static readonly PutRequest Large = new() { Value = ByteString.CopyFrom(new byte[300_000]) };

    public static TheoryData<bool, bool> Both => new() { { true, true }, { true, false }, { false, true }, { false, false } };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Get_DeadlinePasses_ThrowsWhatTheOptionSays(bool throws)
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        server.Behavior.Hold();

        await CompareAsync(server.Address, throws, async client =>
        {
            using var call = client.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddMilliseconds(200));
            var failure = await Record.ExceptionAsync(() => call.ResponseAsync);
            return $"{Name(failure)}, {call.GetStatus().StatusCode}";
        });
    }

    // The timer of the channel is some milliseconds later than what it tells the server, who hears of it some time after the call began.
    [Theory]
    [MemberData(nameof(Both))]
    public async Task Call_ServerNamesTheDeadlineFirst_ThrowsWhatTheOptionSays(bool throws, bool isStream)
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                while (true)
                {
                    _ = RefuseAtDeadlineAsync(connection, await connection.ReceiveAsync());
                }
            },
            tls: false);

        await CompareAsync(server.Address, throws, async client => string.Join("; ", await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            var deadline = DateTime.UtcNow.AddMilliseconds(400);
            if (isStream)
            {
                using var stream = client.Load(deadline: deadline);
                return $"{Name(await Record.ExceptionAsync(() => stream.ResponseAsync))}, {stream.GetStatus().StatusCode}";
            }

            using var call = client.GetAsync(Calls.AnyGet, deadline: deadline);
            return $"{Name(await Record.ExceptionAsync(() => call.ResponseAsync))}, {call.GetStatus().StatusCode}";
        }))));

        static async Task RefuseAtDeadlineAsync(RawHttp2Connection connection, RawRequest request)
        {
            await Task.Delay(int.Parse(request.Headers["grpc-timeout"].TrimEnd('m'), CultureInfo.InvariantCulture) - 4, TestContext.Current.CancellationToken);
            await connection.SendRefusalAsync(request.StreamId, "4");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Get_TokenCancelled_ThrowsWhatTheOptionSays(bool throws)
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        server.Behavior.Hold();

        await CompareAsync(server.Address, throws, async client =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            using var call = client.GetAsync(Calls.AnyGet, cancellationToken: source.Token);
            return $"{Name(await Record.ExceptionAsync(() => call.ResponseAsync))}, {call.GetStatus().StatusCode}";
        });
    }

    // A further attempt waits until the message of the one before is no longer being written, which a full window holds up.
    [Fact]
    public async Task Get_TokenCancelledWhileTheMessageBeforeIsStillWritten_SaysCancelled()
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                await connection.SendRefusalAsync((await connection.ReceiveAsync()).StreamId, "14");
                await connection.Ended;
            },
            tls: false);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address, static options => options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(1));
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(new GetRequest { Key = Large.Value }, cancellationToken: source.Token));

        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
    }

    // The window of the stream is full, so that the write waits when its call is ended.
    [Theory]
    [MemberData(nameof(Both))]
    public async Task Load_WriteWaitsAndTheCallIsCancelled_SaysSo(bool throws, bool byDeadline)
    {
        await using var server = Blocked();

        await CompareAsync(server.Address, throws, async client =>
        {
            using var source = new CancellationTokenSource();
            using var call = client.Load(deadline: byDeadline ? DateTime.UtcNow.AddMilliseconds(400) : null, cancellationToken: source.Token);
            var writing = WriteForeverAsync(call);
            if (!byDeadline)
            {
                source.CancelAfter(TimeSpan.FromMilliseconds(200));
            }

            return Name(await Record.ExceptionAsync(() => writing));
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Load_WriteWaitsAndTheCallIsDisposed_SaysSo(bool throws)
    {
        await using var server = Blocked();

        await CompareAsync(server.Address, throws, async client =>
        {
            var call = client.Load();
            var writing = WriteForeverAsync(call);
            await Task.WhenAny(writing, Task.Delay(200, TestContext.Current.CancellationToken));
            call.Dispose();
            return Name(await Record.ExceptionAsync(() => writing));
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Load_WritesOwnTokenCancelled_SaysSo(bool throws)
    {
        await using var server = Blocked();

        await CompareAsync(server.Address, throws, async client =>
        {
            using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            using var call = client.Load();
            return Name(await Record.ExceptionAsync(async () =>
            {
                while (true)
                {
                    await call.RequestStream.WriteAsync(Large, source.Token);
                }
            }));
        });
    }

    public static TheoryData<StatusCode, bool> Ends => new()
    {
        { StatusCode.PermissionDenied, false },
        { StatusCode.InvalidArgument, false },
        { StatusCode.PermissionDenied, true },
        { StatusCode.InvalidArgument, true },
        { StatusCode.OK, true },
    };

    // A plain channel says Cancelled where the write sees the end of the stream first.
    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Load_ServerEndsTheCallWhileTheClientWrites_TheWriteSaysTheCallsStatus(StatusCode status, bool withMessage)
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                while (true)
                {
                    var request = await connection.ReceiveAsync();
                    await Eventually.HoldsAsync(() => request.Bytes > 0);
                    await EndAsync(connection, request.StreamId, ((int)status).ToString(CultureInfo.InvariantCulture), withMessage);
                    await connection.SendResetAsync(request.StreamId, ErrorCode.NoError);
                    await connection.SendWindowUpdateAsync(0, 65_535);
                }
            },
            tls: false);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);

        for (var i = 0; i < 20; i++)
        {
            using var call = clients.KeyValue.Load();

            Assert.Equal($"RpcException {status}", Name(await Record.ExceptionAsync(() => WriteForeverAsync(call).WaitAsync(Bound))));
        }
    }

    // The call ends while its write is between two pieces, the second of which nobody makes room for: on a plain channel it waits for ever.
    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Load_ServerEndsTheCallWithinAMessage_TheWriteSaysTheCallsStatus(StatusCode status, bool withMessage)
    {
        await using var server = EndingWithinAMessage(status, withMessage);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);
        using var call = clients.KeyValue.Load();

        Assert.Equal($"RpcException {status}", Name(await Record.ExceptionAsync(() => WriteForeverAsync(call).WaitAsync(Bound))));
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Exchange_ServerEndsTheCallWithinAMessage_TheWriteSaysTheCallsStatus(StatusCode status, bool withMessage)
    {
        await using var server = EndingWithinAMessage(status, withMessage);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);
        using var call = clients.KeyValue.Exchange();
        var reading = Record.ExceptionAsync(async () =>
        {
            while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            {
            }
        });

        var failure = await Record.ExceptionAsync(() => WriteAsync().WaitAsync(Bound));

        Assert.Equal($"RpcException {status}", Name(failure));
        Assert.Equal(status == StatusCode.OK ? "none" : $"RpcException {status}", Name(await reading));

        async Task WriteAsync()
        {
            while (true)
            {
                await call.RequestStream.WriteAsync(new ExchangeRequest { Put = Large });
            }
        }
    }

    // The deadline, or the caller, ends the pause before the next attempt.
    [Theory]
    [MemberData(nameof(Both))]
    public async Task Scan_EndedInThePauseBeforeItsNextAttempt_ThrowsWhatTheOptionSays(bool throws, bool byDeadline)
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                while (true)
                {
                    await connection.SendRefusalAsync((await connection.ReceiveCompleteAsync()).StreamId, "14");
                }
            },
            tls: false);
        await using var clients = await ClientHost.StartAsync(log: null, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.ConnectTo(server.Address);
                options.Resilience.Retry.Delay = options.Resilience.Retry.MaxDelay = TimeSpan.FromSeconds(20);
            })
            .ConfigureChannel(options => options.ThrowOperationCanceledOnCancellation = throws));
        using var source = new CancellationTokenSource();
        using var call = clients.KeyValue.Scan(new ScanRequest(), deadline: byDeadline ? DateTime.UtcNow.AddMilliseconds(400) : null);
        if (!byDeadline)
        {
            source.CancelAfter(TimeSpan.FromMilliseconds(400));
        }

        var status = byDeadline ? StatusCode.DeadlineExceeded : StatusCode.Cancelled;
        for (var i = 0; i < 2; i++)
        {
            var failure = await Record.ExceptionAsync(() => call.ResponseStream.MoveNext(source.Token));
            Assert.Equal(throws ? nameof(OperationCanceledException) : $"RpcException {status}", Name(failure));
        }

        Assert.Equal(status, call.GetStatus().StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Get_InboundDeadlineHasPassed_ThrowsWhatTheOptionSays(bool throws)
    {
        await using var clients = await ClientHost.StartAsync(log: null, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(static options => options.Address = new Uri("http://localhost:1"))
            .ConfigureChannel(options => options.ThrowOperationCanceledOnCancellation = throws));
        using var scope = CallDeadline.Begin(DateTime.UtcNow.AddSeconds(-1));
        using var call = clients.KeyValue.GetAsync(Calls.AnyGet);

        Assert.Equal(throws ? nameof(OperationCanceledException) : "RpcException DeadlineExceeded", Name(await Record.ExceptionAsync(() => call.ResponseAsync)));
        Assert.Equal(StatusCode.DeadlineExceeded, call.GetStatus().StatusCode);
    }

    private static async Task EndAsync(RawHttp2Connection connection, int streamId, string status, bool withMessage)
    {
        if (!withMessage)
        {
            await connection.SendRefusalAsync(streamId, status);
            return;
        }

        await connection.SendHeadersAsync(streamId);
        await connection.SendMessageAsync(streamId);
        await connection.SendTrailersAsync(streamId, status);
    }

    private static RawHttp2Server EndingWithinAMessage(StatusCode status, bool withMessage) =>
        HalfReadMessage.Start((connection, streamId) => EndAsync(connection, streamId, ((int)status).ToString(CultureInfo.InvariantCulture), withMessage));

    private static RawHttp2Server Blocked() => new(
        async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.Ended;
        },
        tls: false);

    private static async Task WriteForeverAsync(AsyncClientStreamingCall<PutRequest, LoadResponse> call)
    {
        while (true)
        {
            await call.RequestStream.WriteAsync(Large);
        }
    }

    private static async Task CompareAsync(Uri address, bool throws, Func<KeyValue.KeyValueClient, Task<string>> act)
    {
        using var plain = GrpcChannel.ForAddress(address, new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = throws });
        await using var clients = await ClientHost.StartAsync(log: null, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(address))
            .ConfigureChannel(options => options.ThrowOperationCanceledOnCancellation = throws));

        var expected = await act(new KeyValue.KeyValueClient(plain));
        var actual = await act(clients.KeyValue);

        Assert.Equal(expected, actual);
    }

    private static string Name(Exception? failure) => failure switch
    {
        null => "none",
        RpcException rpc => $"RpcException {rpc.StatusCode}",
        OperationCanceledException => nameof(OperationCanceledException),
        _ => failure.GetType().Name,
    };
}
