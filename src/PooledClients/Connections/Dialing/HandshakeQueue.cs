using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Connections.Dialing;

/// <summary>
/// How many TLS handshakes go on at a time, for all addresses together. They are the processor's work, its own and the server's: a
/// thousand begun at once all run out of time, and are begun again.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A connection that is collected late still gives its place back.")]
internal sealed class HandshakeQueue(int limit)
{
    private readonly SemaphoreSlim _places = new(limit);

    public HandshakeQueue()
        : this(Math.Max(64, 32 * Environment.ProcessorCount))
    {
    }

    public bool TryEnter() => _places.Wait(TimeSpan.Zero, CancellationToken.None);

    public Task EnterAsync(CancellationToken cancellationToken) => _places.WaitAsync(cancellationToken);

    public void Exit() => _places.Release();
}
