namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>A dial under way.</summary>
/// <param name="epoch">What it is made with: trust and settings of then.</param>
/// <param name="isAhead">Whether no call needs it yet.</param>
/// <param name="discarded">Cancelled when those have changed, or the pool is closed: what it makes would not be used, and it ends at once.</param>
internal sealed class Dial(int epoch, bool isAhead, CancellationToken discarded)
{
    public int Epoch => epoch;

    /// <summary>Gets whether it is made only where there is room within the budget that nobody waits for.</summary>
    public bool IsAhead => isAhead;

    public CancellationToken Discarded => discarded;

    /// <summary>Gets or sets whether it has come to its end. Guarded by the pool's lock.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Gets or sets whether its handshake takes long while there are other addresses: it counts no more, so that another one is begun. Guarded by the pool's lock.</summary>
    public bool IsLate { get; set; }
}
