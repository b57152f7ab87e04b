using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>A stub for one call, and what has to be disposed when the call has ended.</summary>
internal readonly struct StubLease(KeyValue.KeyValueClient stub, IDisposable? owned = null) : IDisposable
{
    public KeyValue.KeyValueClient Stub { get; } = stub;

    public void Dispose() => owned?.Dispose();
}
