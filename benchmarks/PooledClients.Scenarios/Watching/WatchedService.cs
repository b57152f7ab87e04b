using Grpc.Core;
using RocksDb.V1;

namespace PooledClients.Scenarios.Watching;

/// <summary>Answers at once; one call in fifty takes 80 ms, one in five hundred longer than its deadline.</summary>
internal sealed class WatchedService : KeyValue.KeyValueBase
{
    public override async Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        var chance = Random.Shared.Next(500);
        if (chance < 10)
        {
            await Task.Delay(chance == 0 ? TimeSpan.FromSeconds(3) : TimeSpan.FromMilliseconds(80), context.CancellationToken);
        }

        return new GetResponse();
    }

    /// <summary>A stream that brings something once, and stays open.</summary>
    public override async Task Scan(ScanRequest request, IServerStreamWriter<Pair> responseStream, ServerCallContext context)
    {
        await responseStream.WriteAsync(new Pair(), context.CancellationToken);
        await Task.Delay(Timeout.Infinite, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override Task<PutResponse> Put(PutRequest request, ServerCallContext context) =>
        Random.Shared.Next(100) == 0 ? throw new RpcException(new Status(StatusCode.ResourceExhausted, "the disk is full")) : Task.FromResult(new PutResponse());
}
