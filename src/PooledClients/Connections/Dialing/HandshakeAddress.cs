namespace PooledClients.Connections.Dialing;

/// <summary>The handshakes with one address; guarded by the queue's lock.</summary>
internal sealed class HandshakeAddress(string name)
{
    public string Name => name;

    /// <summary>All that were entered and have not left.</summary>
    public int All { get; set; }

    public int UnderWay { get; set; }

    public int Turns { get; set; }

    public Queue<QueuedHandshake> ToBegin { get; } = new();

    public Queue<QueuedHandshake> ForTurn { get; } = new();
}
