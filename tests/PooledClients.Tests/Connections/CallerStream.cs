namespace PooledClients.Tests.Connections;

/// <summary>Bytes of which it knows whether a thread has read them inside of a call of its own.</summary>
internal sealed class CallerStream(byte[] bytes) : MemoryStream(bytes)
{
    private volatile int _caller;

    /// <summary>The thread that is making a call.</summary>
    public int Caller
    {
        set => _caller = value;
    }

    public bool WasReadByCaller { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        WasReadByCaller |= Environment.CurrentManagedThreadId == _caller;
        return base.ReadAsync(buffer, cancellationToken);
    }
}
