using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A server stream is tried again until its headers have come (gRFC A6), beside a plain channel with the same policy.</summary>
public sealed class AnsweredStreamTests
{
    private const int MaxAttempts = 3;

    [Theory]
    [InlineData("a refusal", StatusCode.Unavailable, MaxAttempts)]
    [InlineData("headers, then the status", StatusCode.Unavailable, 1)]
    [InlineData("a message that is none", StatusCode.Unavailable, 1)]
    [InlineData("a message that is too large", StatusCode.ResourceExhausted, 1)]
    public async Task Scan_FailsBeforeItsFirstMessage_IsTriedAgainWhereNoHeadersHaveCome(string answer, StatusCode status, int attempts)
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                while (true)
                {
                    await AnswerAsync(connection, (await connection.ReceiveCompleteAsync()).StreamId, answer);
                }
            },
            tls: false);
        using var plain = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { MaxReceiveMessageSize = 3, ServiceConfig = ChannelPolicies.Retry(MaxAttempts, StatusCode.Unavailable, StatusCode.ResourceExhausted) });
        await using var clients = await ClientHost.StartAsync(log: null, services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(server.Address);
            options.MaxReceiveMessageSize = 3;
            options.ServiceConfig = """
                {"methodConfig": [{"name": [{"service": "rocksdb.v1.KeyValue"}], "retryPolicy":
                  {"maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]}}]}
                """;
        }));

        Assert.Equal((status, attempts), await FailAsync(new KeyValue.KeyValueClient(plain)));
        Assert.Equal((status, attempts), await FailAsync(clients.KeyValue));

        async Task<(StatusCode Status, int Attempts)> FailAsync(KeyValue.KeyValueClient client)
        {
            var before = server.Requests.Count;
            using var call = client.Scan(new ScanRequest());
            var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            return (failure.StatusCode, server.Requests.Count - before);
        }
    }

    private static async Task AnswerAsync(RawHttp2Connection connection, int streamId, string answer)
    {
        if (answer == "a refusal")
        {
            await connection.SendRefusalAsync(streamId, "14");
            return;
        }

        await connection.SendHeadersAsync(streamId);
        switch (answer)
        {
            case "headers, then the status":
                await connection.SendTrailersAsync(streamId, "14");
                break;
            case "a message that is none":
                await connection.SendFrameAsync(FrameType.Data, FrameFlags.None, streamId, [0, 0, 0, 0, 1, 0xff]);
                await connection.SendTrailersAsync(streamId);
                break;
            default:
                await connection.SendFrameAsync(FrameType.Data, FrameFlags.None, streamId, [0, 0, 0, 0, 4, 0, 0, 0, 0]);
                await connection.SendTrailersAsync(streamId);
                break;
        }
    }
}
