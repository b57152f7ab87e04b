using Google.Protobuf;
using Grpc.Core;
using RocksDb.V1;
using Database = RocksDbSharp.RocksDb;

namespace PooledClients.Scenarios.Servers;

/// <summary>The key-value service over RocksDB, each call treated as the server's behaviour says.</summary>
internal sealed class KeyValueService(KeyValueStore store, ServerState state) : KeyValue.KeyValueBase
{
    public override async Task<GetResponse> Get(GetRequest request, ServerCallContext context)
    {
        await EnterAsync(context);
        return Read(request);
    }

    public override async Task<PutResponse> Put(PutRequest request, ServerCallContext context)
    {
        state.RecordWrite(request.Key.ToBase64());
        await EnterAsync(context);
        return Write(request);
    }

    public override async Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
    {
        await EnterAsync(context);
        return Remove(request);
    }

    public override async Task Scan(ScanRequest request, IServerStreamWriter<Pair> responseStream, ServerCallContext context)
    {
        await EnterAsync(context);
        foreach (var pair in Pairs(request))
        {
            await responseStream.WriteAsync(pair, context.CancellationToken);
        }
    }

    public override async Task<LoadResponse> Load(IAsyncStreamReader<PutRequest> requestStream, ServerCallContext context)
    {
        await EnterAsync(context);
        var response = new LoadResponse();
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            Write(request);
            response.Count++;
        }

        return response;
    }

    public override async Task Exchange(IAsyncStreamReader<ExchangeRequest> requestStream, IServerStreamWriter<ExchangeResponse> responseStream, ServerCallContext context)
    {
        await EnterAsync(context);
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(Answer(request), context.CancellationToken);
        }
    }

    private async ValueTask EnterAsync(ServerCallContext context)
    {
        if (await state.EnterAsync(state.Behaviour.DelayMs, context.CancellationToken))
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The server fails on purpose."));
        }
    }

    private ExchangeResponse Answer(ExchangeRequest request) => request.RequestCase switch
    {
        ExchangeRequest.RequestOneofCase.Get => new ExchangeResponse { Get = Read(request.Get) },
        ExchangeRequest.RequestOneofCase.Put => new ExchangeResponse { Put = Write(request.Put) },
        ExchangeRequest.RequestOneofCase.Delete => new ExchangeResponse { Delete = Remove(request.Delete) },
        _ => throw new RpcException(new Status(StatusCode.InvalidArgument, "The request is empty.")),
    };

    private GetResponse Read(GetRequest request)
    {
        var value = store.Open(request.Database).Get(request.Key.ToByteArray());
        return value is null ? new GetResponse() : new GetResponse { Found = true, Value = UnsafeByteOperations.UnsafeWrap(value) };
    }

    private PutResponse Write(PutRequest request)
    {
        store.Open(request.Database).Put(request.Key.ToByteArray(), request.Value.ToByteArray());
        return new PutResponse();
    }

    private DeleteResponse Remove(DeleteRequest request)
    {
        store.Open(request.Database).Remove(request.Key.ToByteArray());
        return new DeleteResponse();
    }

    private List<Pair> Pairs(ScanRequest request)
    {
        var database = store.Open(request.Database);
        var prefix = request.Prefix.ToByteArray();
        using var iterator = database.NewIterator();
        List<Pair> pairs = [];
        for (iterator.Seek(prefix); iterator.Valid() && iterator.Key().AsSpan().StartsWith(prefix); iterator.Next())
        {
            pairs.Add(new Pair { Key = ByteString.CopyFrom(iterator.Key()), Value = ByteString.CopyFrom(iterator.Value()) });
            if (pairs.Count == request.Limit)
            {
                break;
            }
        }

        return pairs;
    }
}
