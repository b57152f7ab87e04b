using System.Collections.Concurrent;
using Google.Protobuf;
using RocksDb.V1;

namespace PooledClients.TestBed.Servers;

/// <summary>The pairs of every database of one server.</summary>
internal sealed class KeyValueStore
{
    private readonly ConcurrentDictionary<(string Database, ByteString Key), ByteString> _pairs = new();

    public GetResponse Get(GetRequest request) => _pairs.TryGetValue((request.Database, request.Key), out var value)
        ? new GetResponse { Found = true, Value = value }
        : new GetResponse();

    public PutResponse Put(PutRequest request)
    {
        _pairs[(request.Database, request.Key)] = request.Value;
        return new PutResponse();
    }

    public DeleteResponse Delete(DeleteRequest request)
    {
        _pairs.TryRemove((request.Database, request.Key), out _);
        return new DeleteResponse();
    }

    public IEnumerable<Pair> Scan(ScanRequest request) => _pairs
        .Where(pair => pair.Key.Database == request.Database && pair.Key.Key.Span.StartsWith(request.Prefix.Span))
        .OrderBy(pair => Convert.ToHexString(pair.Key.Key.Span), StringComparer.Ordinal)
        .Take(request.Limit == 0 ? int.MaxValue : request.Limit)
        .Select(pair => new Pair { Key = pair.Key.Key, Value = pair.Value });
}
