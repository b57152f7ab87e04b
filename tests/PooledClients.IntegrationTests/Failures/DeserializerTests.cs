using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>An answer that cannot be read is no lost connection, whatever the deserialiser throws: its call is made once, as by a plain channel.</summary>
public sealed class DeserializerTests
{
    private static readonly Dictionary<string, Action> Failures = new(StringComparer.Ordinal)
    {
        ["InvalidProtocolBufferException"] = static () => GetResponse.Parser.ParseFrom([0xff]),
        ["EndOfStreamException"] = static () => Stream.Null.ReadExactly(new byte[1]),
        ["IOException"] = static () => throw new IOException("The disk is gone."),
        ["InvalidOperationException"] = static () => throw new InvalidOperationException("It has no value."),
    };

    public static TheoryData<string> Kinds => [.. Failures.Keys];

    // A hedge is made at once where the attempt before it has failed by what another may mend.
    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Get_DeserializerFails_IsNotHedged(string kind) =>
        CompareAsync(client => Calls.FailureOf(client.GetAsync(_ => Fail(kind, new GetResponse()))));

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Scan_DeserializerFails_IsMadeOnce(string kind) => CompareAsync(async client =>
    {
        using var call = client.Scan(_ => Fail(kind, new Pair()));
        return await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
    });

    private static TMessage Fail<TMessage>(string kind, TMessage message)
    {
        Failures[kind]();
        return message;
    }

    private static async Task CompareAsync(Func<MarshalledClient, Task<RpcException>> fail)
    {
        await using var server = new RawHttp2Server(
            static async connection =>
            {
                await connection.SendSettingsAsync();
                await connection.ServeAsync();
            },
            tls: false);
        using var plain = GrpcChannel.ForAddress(server.Address);
        await using var clients = await ClientHost.StartAsync(log: null, services => services.AddPooledGrpcClient<MarshalledClient>(options =>
        {
            options.ConnectTo(server.Address);
            options.Methods["Get"] = new GrpcMethodOptions { Idempotent = true };
            options.Methods["Scan"] = new GrpcMethodOptions { Idempotent = true };
            options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(1);
            (options.Resilience.Hedging.Delay, options.Resilience.Hedging.MaxAttempts) = (TimeSpan.FromSeconds(30), 4);
        }));

        var expected = await fail(new MarshalledClient(plain.CreateCallInvoker()));
        var actual = await fail(clients.Get<MarshalledClient>());

        Assert.Equal(expected.Status.StatusCode, actual.Status.StatusCode);
        Assert.Equal(expected.Status.Detail, actual.Status.Detail);
        Assert.Equal(2, server.Requests.Count);
    }
}
