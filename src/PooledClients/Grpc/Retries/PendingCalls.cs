namespace PooledClients.Grpc.Retries;

/// <summary>
/// The calls of an address that are on no connection and go on all the same: they wait for one, or pause before they are sent again. What is counted
/// is only what had to wait.
/// </summary>
internal sealed class PendingCalls
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Begin() => Interlocked.Increment(ref _count);

    public void End() => Interlocked.Decrement(ref _count);
}
