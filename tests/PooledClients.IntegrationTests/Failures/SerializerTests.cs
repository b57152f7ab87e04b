using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Grpc;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A serialiser that fails is the application's, whatever it throws: its call is made once, as by a plain channel, and its server has no part in it.</summary>
public sealed class SerializerTests
{
    private static readonly Dictionary<string, Action> Failures = new(StringComparer.Ordinal)
    {
        ["InvalidProtocolBufferException"] = static () => GetResponse.Parser.ParseFrom([0xff]),
        ["OutOfSpaceException"] = static () => new CodedOutputStream(new byte[1]).WriteInt64(long.MaxValue),
        ["EndOfStreamException"] = static () => Stream.Null.ReadExactly(new byte[1]),
        ["IOException"] = static () => throw new IOException("The disk is gone."),
        ["FileNotFoundException"] = static () => throw new FileNotFoundException("The key is not there."),
        ["ObjectDisposedException of a document"] = static () => Disposed(System.Text.Json.JsonDocument.Parse("{}")).RootElement.GetRawText(),
        ["ObjectDisposedException of a stream"] = static () => Disposed(new System.IO.Compression.DeflateStream(Stream.Null, System.IO.Compression.CompressionMode.Compress)).Write([1]),
        ["InvalidOperationException"] = static () => throw new InvalidOperationException("It has no value."),
    };

    private static T Disposed<T>(T disposable)
        where T : IDisposable
    {
        disposable.Dispose();
        return disposable;
    }

    public static TheoryData<string> Kinds => [.. Failures.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Get_SerializerFails_IsMadeOnceAndNotHeldAgainstTheServer(string kind)
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        using var plain = GrpcChannel.ForAddress(server.Address);
        await using var clients = await ClientHost.StartAsync(log: null, services => services.AddPooledGrpcClient<MarshalledClient>(options =>
        {
            options.ConnectTo(server.Address);
            options.Methods["Get"] = new GrpcMethodOptions { Idempotent = true };
            options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(1);
            (options.Resilience.Breaker.MinimumThroughput, options.Resilience.Breaker.FailureRatio) = (2, 0.1);
            options.Resilience.Breaker.BreakDuration = TimeSpan.FromSeconds(30);
        }));
        var serialized = 0;

        var expected = await FailAsync(new MarshalledClient(plain.CreateCallInvoker()));
        Assert.Equal(1, serialized);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(expected, await FailAsync(clients.Get<MarshalledClient>()));
        }

        Assert.Equal(11, serialized);
        Assert.True(clients.Get<GrpcChannelPool>().Handlers.Single().Breaker!.IsClosed);
        await clients.Get<MarshalledClient>().GetAsync(static message => message.ToByteArray(), Calls.AnyGet);

        async Task<StatusCode> FailAsync(MarshalledClient client) => (await Calls.FailureOf(client.GetAsync(
            message =>
            {
                Interlocked.Increment(ref serialized);
                Failures[kind]();
                return message.ToByteArray();
            },
            Calls.AnyGet))).StatusCode;
    }
}
