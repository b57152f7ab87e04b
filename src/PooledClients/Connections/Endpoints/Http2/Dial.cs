namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>A dial under way.</summary>
/// <param name="epoch">What it is made with: trust and settings of then.</param>
internal sealed class Dial(int epoch)
{
    public int Epoch => epoch;

    /// <summary>Gets or sets whether its handshake takes long while there are other addresses: it counts no more, so that another one is begun. Guarded by the pool's lock.</summary>
    public bool IsLate { get; set; }
}
