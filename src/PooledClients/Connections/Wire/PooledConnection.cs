using System.Net;

namespace PooledClients.Connections.Wire;

/// <summary>
/// What is known of one connection by its bytes. It knows its stream only weakly: a connection that is leaked and collected has to
/// close, and its lease to come back.
/// </summary>
internal sealed class PooledConnection(IConnectionOwner owner, TimeProvider timeProvider)
{
    private readonly long _openedAt = timeProvider.GetTimestamp();
    private WeakReference<PooledStream>? _stream;
    private long _readArmedAt = timeProvider.GetTimestamp();
    private long _writtenAt;

    public IConnectionOwner Owner => owner;

    /// <summary>Gets or sets whether its handshake has ended; written under its owner's lock.</summary>
    public bool IsUp { get; set; }

    public TimeSpan Age => timeProvider.GetElapsedTime(_openedAt);

    /// <summary>Gets how long ago the last byte arrived.</summary>
    public TimeSpan SilentFor => timeProvider.GetElapsedTime(Volatile.Read(ref _readArmedAt));

    public EndPoint? RemoteEndPoint { get; private set; }

    public EndPoint? LocalEndPoint { get; private set; }

    public void Attach(PooledStream stream, EndPoint? remoteEndPoint, EndPoint? localEndPoint)
    {
        LocalEndPoint = localEndPoint;
        _stream = new WeakReference<PooledStream>(stream);
        RemoteEndPoint = remoteEndPoint;
    }

    // The last byte arrived no later than the read that now waits was armed, so the stamp costs no look at the arrival itself.
    public void ReadArmed() => Volatile.Write(ref _readArmedAt, timeProvider.GetTimestamp());

    public void Written() => Volatile.Write(ref _writtenAt, timeProvider.GetTimestamp());

    /// <summary>Whether it was written to since <paramref name="since"/> and has received no byte since then.</summary>
    public bool IsSilentSince(long since) => Volatile.Read(ref _writtenAt) >= since && Volatile.Read(ref _readArmedAt) <= since;

    public void Abort()
    {
        if (_stream is not null && _stream.TryGetTarget(out var stream))
        {
            stream.Abort();
        }
    }
}
