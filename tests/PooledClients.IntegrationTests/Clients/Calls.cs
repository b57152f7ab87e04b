using Google.Protobuf;
using Grpc.Core;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Clients;

/// <summary>The calls that tests make again and again.</summary>
internal static class Calls
{
    public static readonly GetRequest AnyGet = new() { Database = "db", Key = ByteString.CopyFromUtf8("key") };
    public static readonly PutRequest AnyPut = new() { Database = "db", Key = ByteString.CopyFromUtf8("key"), Value = ByteString.CopyFromUtf8("value") };

    /// <summary>Makes <paramref name="count"/> unary calls at once and waits for all; the first failure fails the test.</summary>
    public static Task GetManyAsync(this KeyValue.KeyValueClient client, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => client.GetAsync(AnyGet).ResponseAsync));

    /// <summary>Makes <paramref name="total"/> calls by <paramref name="callers"/> callers, one after another each.</summary>
    public static Task RunAsync(int callers, int total, Func<int, Task> call)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            int number;
            while ((number = Interlocked.Increment(ref next)) < total)
            {
                await call(number);
            }
        })));
    }

    /// <summary>Makes calls one after another until <paramref name="condition"/> holds; they end, and fail the test, when it does not in time.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<CancellationToken, Task> call)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await call(bound.Token);
        }
    }

    /// <summary>Reads a whole scan and tells how many pairs came.</summary>
    public static async Task<int> ScanAsync(this KeyValue.KeyValueClient client)
    {
        using var call = client.Scan(new ScanRequest { Database = "db" });
        var count = 0;
        await foreach (var _ in call.ResponseStream.ReadAllAsync())
        {
            count++;
        }

        return count;
    }

    /// <summary>How a new call fails, if it does. It has a short deadline of its own, for the first ones may be taken before the host says that it stops.</summary>
    public static RpcException? TryNewCall(this KeyValue.KeyValueClient client)
    {
        try
        {
            client.Delete(new DeleteRequest(), deadline: DateTime.UtcNow.AddMilliseconds(50));
            return null;
        }
        catch (RpcException exception)
        {
            return exception;
        }
    }

    /// <summary>The failure of a call that must fail.</summary>
    public static Task<RpcException> FailureOf<T>(AsyncUnaryCall<T> call) => Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
}
