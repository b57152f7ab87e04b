using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A channel that makes calls again itself, by a policy that <c>ConfigureChannel</c> gave it, beside a plain one with the same policy.</summary>
public sealed class ChannelRetryTests
{
    private const int MaxAttempts = 5;
    private const int Window = 65_535;

    private static readonly PutRequest Large = new() { Value = ByteString.CopyFrom(new byte[300_000]) };

    public enum End
    {
        Deadline,
        Token,
        TokenOfTheWrite,
        Disposal,
    }

    public static TheoryData<End, bool> Ends
    {
        get
        {
            var ends = new TheoryData<End, bool>();
            foreach (var end in Enum.GetValues<End>())
            {
                ends.Add(end, false);
                ends.Add(end, true);
            }

            return ends;
        }
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Load_EndedWhileAWriteWaits_TheWriteSaysSo(End end, bool throws)
    {
        await using var server = new RawHttp2Server(
            static async connection =>
            {
                await connection.SendSettingsAsync();
                await connection.Ended;
            },
            tls: false);

        await CompareAsync(server.Address, throws, client =>
        {
            var before = server.Requests.Count;
            return EndAsync(
                client,
                static message => message.ToByteArray(),
                end,
                () => Eventually.HoldsAsync(() => server.Requests.Count > before && server.Requests.Last().Bytes == Window),
                static () => Task.CompletedTask);
        });
    }

    // To dispose the call waits for the serialiser, in a channel that keeps its messages for a further attempt.
    [Theory]
    [InlineData(End.Deadline, false)]
    [InlineData(End.Deadline, true)]
    [InlineData(End.Token, false)]
    [InlineData(End.Token, true)]
    [InlineData(End.TokenOfTheWrite, false)]
    [InlineData(End.TokenOfTheWrite, true)]
    public async Task Load_EndedWhileAMessageIsSerialised_TheWriteSaysSo(End end, bool throws)
    {
        var resets = 0;
        await using var server = new RawHttp2Server(
            async connection =>
            {
                connection.OnReset = _ => Interlocked.Increment(ref resets);
                await connection.SendSettingsAsync();
                await connection.Ended;
            },
            tls: false);

        await CompareAsync(server.Address, throws, async client =>
        {
            var before = Volatile.Read(ref resets);
            using var serialises = new ManualResetEventSlim();
            using var mayGoOn = new ManualResetEventSlim();
            return await EndAsync(
                client,
                message =>
                {
                    serialises.Set();
                    mayGoOn.Wait();
                    return message.ToByteArray();
                },
                end,
                () => Eventually.HoldsAsync(() => serialises.IsSet),
                async () =>
                {
                    await Eventually.HoldsAsync(() => Volatile.Read(ref resets) > before);
                    mayGoOn.Set();
                });
        });
    }

    // The write is between two pieces, the second of which nobody makes room for: by a plain channel it waits for ever.
    [Theory]
    [InlineData("3", StatusCode.InvalidArgument)]
    [InlineData("7", StatusCode.PermissionDenied)]
    public async Task Load_ServerEndsTheCallWithinAMessage_TheWriteSaysTheCallsStatus(string sent, StatusCode status)
    {
        await using var server = HalfReadMessage.Start((connection, streamId) => connection.SendRefusalAsync(streamId, sent));
        await using var clients = await StartAsync(server.Address, throws: false);
        using var call = clients.KeyValue.Load();

        Assert.Equal($"RpcException {status}", Name(await Record.ExceptionAsync(() => WriteAsync().WaitAsync(TimeSpan.FromSeconds(30)))));

        async Task WriteAsync()
        {
            while (true)
            {
                await call.RequestStream.WriteAsync(Large);
            }
        }
    }

    [Fact]
    public async Task Calls_ServerSaysUnavailable_AreMadeAsOftenAsByAPlainChannel()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        server.Behavior.FailTimes = int.MaxValue;
        using var plain = Plain(server.Address, throws: false);
        await using var clients = await StartAsync(server.Address, throws: false);

        Assert.Equal((MaxAttempts, MaxAttempts), await CountAsync(new KeyValue.KeyValueClient(plain)));
        Assert.Equal((MaxAttempts, MaxAttempts), await CountAsync(clients.KeyValue));

        async Task<(int Gets, int Scans)> CountAsync(KeyValue.KeyValueClient client)
        {
            var before = (server.Behavior.Processed("Get"), server.Behavior.Processed("Scan"));
            await Calls.FailureOf(client.GetAsync(Calls.AnyGet));
            await Assert.ThrowsAsync<RpcException>(() => client.ScanAsync());
            return (server.Behavior.Processed("Get") - before.Item1, server.Behavior.Processed("Scan") - before.Item2);
        }
    }

    // The runtime sends a call's first request four times itself, and this side twice more; each attempt of the channel after it is one request.
    [Fact]
    public async Task Get_ServerRefusesEveryStream_IsSentAFewTimesAndOnceForEachFurtherAttempt()
    {
        await using var server = new RawHttp2Server(
            static async connection =>
            {
                await connection.SendSettingsAsync();
                while (true)
                {
                    await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.RefusedStream);
                }
            },
            tls: false);
        await using var clients = await StartAsync(server.Address, throws: false);

        await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.InRange(server.Requests.Count, MaxAttempts, 4 + 2 + MaxAttempts - 1);
    }

    private static async Task<string> EndAsync(MarshalledClient client, Func<PutRequest, byte[]> serialize, End end, Func<Task> writes, Func<Task> ended)
    {
        using var source = new CancellationTokenSource();
        var deadline = end == End.Deadline ? DateTime.UtcNow.AddSeconds(1) : (DateTime?)null;
        using var call = client.Load(serialize, new CallOptions(deadline: deadline, cancellationToken: end == End.Token ? source.Token : default));

        // The serialiser may hold up who calls it.
        var writing = Task.Run(() => call.RequestStream.WriteAsync(Large, end == End.TokenOfTheWrite ? source.Token : default));
        await writes();
        var ending = Task.Run(() =>
        {
            if (end == End.Disposal)
            {
                call.Dispose();
            }
            else if (end != End.Deadline)
            {
                source.Cancel();
            }
        });
        await ended();
        await ending;
        return Name(await Record.ExceptionAsync(() => writing));
    }

    private static async Task CompareAsync(Uri address, bool throws, Func<MarshalledClient, Task<string>> act)
    {
        using var plain = Plain(address, throws);
        await using var clients = await StartAsync(address, throws);

        var expected = await act(new MarshalledClient(plain.CreateCallInvoker()));
        Assert.Equal(End(expected), End(await act(clients.Get<MarshalledClient>())));

        // A plain channel that is to throw cancellations throws the status at times, by what its write sees first.
        string End(string failure) =>
            throws && failure is nameof(OperationCanceledException) or "RpcException Cancelled" or "RpcException DeadlineExceeded" ? "the call's end" : failure;
    }

    private static GrpcChannel Plain(Uri address, bool throws)
    {
        var options = new GrpcChannelOptions();
        Configure(options, throws);
        return GrpcChannel.ForAddress(address, options);
    }

    private static Task<ClientHost> StartAsync(Uri address, bool throws) => ClientHost.StartAsync(log: null, services =>
    {
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => Connect(options, address)).ConfigureChannel(options => Configure(options, throws));
        services.AddPooledGrpcClient<MarshalledClient>(options => Connect(options, address)).ConfigureChannel(options => Configure(options, throws));
    });

    private static void Connect(PooledGrpcClientOptions options, Uri address)
    {
        options.ConnectTo(address);
        options.Resilience.Breaker.Enabled = false;
    }

    private static void Configure(GrpcChannelOptions options, bool throws)
    {
        options.ThrowOperationCanceledOnCancellation = throws;
        options.ServiceConfig = ChannelPolicies.Retry(MaxAttempts, StatusCode.Unavailable);
    }

    private static string Name(Exception? failure) => failure switch
    {
        null => "none",
        RpcException rpc => $"RpcException {rpc.StatusCode}",
        OperationCanceledException => nameof(OperationCanceledException),
        _ => failure.GetType().Name,
    };
}
