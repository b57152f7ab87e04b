namespace PooledClients.Tests.Connections;

/// <summary>Bytes of which it knows whether a thread has read them inside of a call of its own.</summary>
internal sealed class CallerStream(byte[] bytes) : MemoryStream(bytes)
{
    private volatile int _caller;
    private volatile bool _wasReadByCaller;

    /// <summary>The thread that is making a call.</summary>
    public int Caller
    {
        set => _caller = value;
    }

    public bool WasReadByCaller
    {
        get => _wasReadByCaller;
        set => _wasReadByCaller = value;
    }

    /// <summary>When the bytes have arrived, for reads of nothing.</summary>
    public Task<int>? Arrival { get; init; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty && Arrival is { } arrival)
        {
            return new(arrival);
        }

        _wasReadByCaller |= Environment.CurrentManagedThreadId == _caller;
        return base.ReadAsync(buffer, cancellationToken);
    }
}
