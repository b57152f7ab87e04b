namespace PooledClients.Scenarios.Servers;

/// <summary>Counts the connections of one kind of endpoint.</summary>
internal sealed class ConnectionCounts
{
    private long _accepted;
    private long _handshakes;
    private long _open;

    public long Accepted => Volatile.Read(ref _accepted);

    public long Handshakes => Volatile.Read(ref _handshakes);

    public long Open => Volatile.Read(ref _open);

    public void RecordAccepted()
    {
        Interlocked.Increment(ref _accepted);
        Interlocked.Increment(ref _open);
    }

    public void RecordHandshake() => Interlocked.Increment(ref _handshakes);

    public void RecordClosed() => Interlocked.Decrement(ref _open);
}
