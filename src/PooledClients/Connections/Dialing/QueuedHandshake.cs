namespace PooledClients.Connections.Dialing;

/// <summary>One TLS handshake in the queue, from before its first byte to its end. Its state is guarded by the queue's lock.</summary>
internal sealed class QueuedHandshake(HandshakeQueue queue, HandshakeAddress address) : IDisposable
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _turn;

    public HandshakeAddress Address => address;

    /// <summary>Ends when it may begin, or is over.</summary>
    public Task Begun => _begun.Task;

    public bool HasBegun { get; private set; }

    public bool HasTurn { get; set; }

    public bool IsOver { get; set; }

    /// <summary>Asks for a turn at what has come: null when it was to be had at once, else what to wait for, which ends with the handshake at the latest.</summary>
    public Task? TakeTurn() => queue.TakeTurn(this);

    /// <summary>Gives the turn back, for the network is waited for.</summary>
    public void EndTurn() => queue.EndTurn(this);

    /// <summary>Called under the queue's lock.</summary>
    public void Begin()
    {
        HasBegun = true;
        _begun.TrySetResult();
    }

    /// <summary>Called under the queue's lock.</summary>
    public Task WaitForTurn() => (_turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Lets go whoever waits. Called under the queue's lock.</summary>
    public void Release()
    {
        _begun.TrySetResult();
        _turn?.TrySetResult();
    }

    public void Dispose() => queue.Leave(this);
}
