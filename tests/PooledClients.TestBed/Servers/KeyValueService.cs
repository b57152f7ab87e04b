using Grpc.Core;
using RocksDb.V1;

namespace PooledClients.TestBed.Servers;

/// <summary>The key-value service over a dictionary, doing what <see cref="ServiceBehavior"/> says on top.</summary>
internal sealed class KeyValueService(ServiceBehavior behavior, KeyValueStore store) : KeyValue.KeyValueBase
{
    public override async Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        await behavior.EnterAsync(context);
        return store.Get(request);
    }

    public override async Task<PutResponse> Put(PutRequest request, ServerCallContext context)
    {
        await behavior.EnterAsync(context);
        return store.Put(request);
    }

    public override async Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        await behavior.EnterAsync(context);
        return store.Delete(request);
    }

    public override async Task Scan(ScanRequest request, IServerStreamWriter<Pair> responseStream, ServerCallContext context)
    {
        await behavior.EnterAsync(context);
        foreach (var pair in store.Scan(request))
        {
            await responseStream.WriteAsync(pair, context.CancellationToken);
        }
    }

    public override async Task<LoadResponse> Load(IAsyncStreamReader<PutRequest> requestStream, ServerCallContext context)
    {
        await behavior.EnterAsync(context);
        var count = 0;
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            store.Put(request);
            count++;
        }

        return new LoadResponse { Count = count };
    }

    public override async Task Exchange(
        IAsyncStreamReader<ExchangeRequest> requestStream, IServerStreamWriter<ExchangeResponse> responseStream, ServerCallContext context)
    {
        await behavior.EnterAsync(context);
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(
                request.RequestCase switch
                {
                    ExchangeRequest.RequestOneofCase.Get => new ExchangeResponse { Get = store.Get(request.Get) },
                    ExchangeRequest.RequestOneofCase.Put => new ExchangeResponse { Put = store.Put(request.Put) },
                    _ => new ExchangeResponse { Delete = store.Delete(request.Delete) },
                },
                context.CancellationToken);
        }
    }
}
