namespace PooledClients.Diagnostics;

/// <summary>An area that tells what it holds. Registered with <c>TryAddEnumerable</c>, one an area; captured from any thread.</summary>
internal interface ISnapshotSource
{
    void AddTo(SnapshotBuilder snapshot);
}
