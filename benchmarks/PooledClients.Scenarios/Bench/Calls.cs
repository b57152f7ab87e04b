using System.Text;
using Google.Protobuf;
using Grpc.Core;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;
using RocksDb.V1;

namespace PooledClients.Scenarios.Bench;

/// <summary>The calls that loads make, the same for every contender.</summary>
internal static class Calls
{
    private static readonly ByteString Key = ByteString.CopyFrom(KeyValueStore.SampleKey);
    private static readonly ByteString Value = UnsafeByteOperations.UnsafeWrap(new byte[100]);

    public static CallOptions Options(GrpcClientSettings settings, CancellationToken cancellationToken)
    {
        return new CallOptions(deadline: DateTime.UtcNow.AddSeconds(settings.DeadlineSeconds), cancellationToken: cancellationToken)
            .WithWaitForReady(settings.WaitForReady);
    }

    /// <summary>Reads one value: a unary call that the contract calls free of side effects.</summary>
    public static async Task GetAsync(GrpcClients clients, int client, GrpcClientSettings settings, CancellationToken cancellationToken)
    {
        using var lease = clients.Take(client);
        await lease.Stub.GetAsync(new GetRequest { Database = KeyValueStore.SampleDatabase, Key = Key }, Options(settings, cancellationToken));
    }

    /// <summary>Writes one value under a key that no other call writes: a unary call that must not be processed twice.</summary>
    public static async Task PutAsync(GrpcClients clients, string key, GrpcClientSettings settings, CancellationToken cancellationToken)
    {
        using var lease = clients.Take(0);
        var request = new PutRequest { Database = "writes", Key = ByteString.CopyFrom(key, Encoding.UTF8), Value = Value };
        await lease.Stub.PutAsync(request, Options(settings, cancellationToken));
    }

    /// <summary>Reads all values: a server-streaming call.</summary>
    public static async Task ScanAsync(GrpcClients clients, GrpcClientSettings settings, CancellationToken cancellationToken)
    {
        using var lease = clients.Take(0);
        using var call = lease.Stub.Scan(new ScanRequest { Database = KeyValueStore.SampleDatabase }, Options(settings, cancellationToken));
        await foreach (var _ in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
        }
    }

    /// <summary>Makes a unary call or, for every other caller, a server-streaming one.</summary>
    public static Task ReadAsync(GrpcClients clients, int caller, GrpcClientSettings settings, CancellationToken cancellationToken) => caller % 2 == 0 ? GetAsync(clients, 0, settings, cancellationToken) : ScanAsync(clients, settings, cancellationToken);

    /// <summary>Holds one duplex stream open, asking over it now and then, until it is told to end.</summary>
    public static async Task ExchangeAsync(GrpcClients clients, TimeSpan pause, CancellationToken end)
    {
        using var lease = clients.Take(0);
        using var call = lease.Stub.Exchange(cancellationToken: CancellationToken.None);
        while (!end.IsCancellationRequested)
        {
            await call.RequestStream.WriteAsync(new ExchangeRequest { Get = new GetRequest { Database = KeyValueStore.SampleDatabase, Key = Key } }, CancellationToken.None);
            if (!await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                throw new InvalidOperationException("The stream has ended.");
            }

            await Task.Delay(pause, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await call.RequestStream.CompleteAsync();
    }
}
