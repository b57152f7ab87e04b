using System.Net;
using PooledClients.Connections.Telemetry;

namespace PooledClients.Connections.Wire;

/// <summary>
/// What is known of one connection by its bytes. It knows its stream only weakly: a connection that is leaked and collected has to
/// close, and its lease to come back.
/// </summary>
internal sealed class PooledConnection(IConnectionOwner owner, TimeProvider timeProvider)
{
    private readonly long _openedAt = timeProvider.GetTimestamp();
    private readonly bool _isStamped = owner.WatchesSilence;
    private WeakReference<PooledStream>? _stream;
    private long _readArmedAt = timeProvider.GetTimestamp();
    private long _writtenAt;

    // Since when a PING waits for its answer; zero while none does.
    private long _pingedAt;
    private volatile bool _isOver;

    public IConnectionOwner Owner => owner;

    /// <summary>Gets or sets whether its handshake has ended; written under its owner's lock.</summary>
    public bool IsUp { get; set; }

    public TimeSpan Age => timeProvider.GetElapsedTime(_openedAt);

    /// <summary>Gets how long ago the last byte arrived; none where the system is to be asked, for it is not watched here.</summary>
    public TimeSpan? SilentFor => _isStamped ? timeProvider.GetElapsedTime(Volatile.Read(ref _readArmedAt)) : null;

    /// <summary>The end points in words, made once: a snapshot of a thousand connections is to be quick.</summary>
    public string? LocalEndPoint { get; private set; }

    public string? RemoteEndPoint { get; private set; }

    /// <summary>The port at this side; <see langword="null"/> while it is not known.</summary>
    public int? LocalPort { get; private set; }

    /// <summary>Gets or sets after how long without an answer to a PING it is given up; none where that is not so. Set before anything is written.</summary>
    public TimeSpan? PingTimeout { get; set; }

    /// <summary>Gets whether a PING has waited so long: the runtime looks at its time once a second at most, and may have counted from a moment before.</summary>
    public bool IsPingOverdue => PingTimeout is { } timeout && Volatile.Read(ref _pingedAt) is var since and not 0 && timeProvider.GetElapsedTime(since) >= timeout * 0.9;

    /// <summary>What is told of it; none where nobody is to know of it.</summary>
    public ConnectionTelemetry? Telemetry { get; init; }

    public void Attach(PooledStream stream, EndPoint? remoteEndPoint, EndPoint? localEndPoint)
    {
        _stream = new WeakReference<PooledStream>(stream);
        LocalPort = (localEndPoint as IPEndPoint)?.Port;
        LocalEndPoint = localEndPoint?.ToString();
        RemoteEndPoint = remoteEndPoint?.ToString();
    }

    /// <summary>What is known of its stream as long as that lives.</summary>
    public (TcpInfo? Tcp, int? Unread, bool? IsResumed) ReadStream() => _stream is not null && _stream.TryGetTarget(out var stream) ? stream.Read() : default;

    // The last byte arrived no later than the read that now waits was armed, so the stamp costs no look at the arrival itself.
    public void ReadArmed()
    {
        if (_isStamped)
        {
            Volatile.Write(ref _readArmedAt, timeProvider.GetTimestamp());
        }
    }

    /// <summary>Something is about to be written.</summary>
    /// <exception cref="ConnectionOverException">It was closed while no request was on it, so that nothing of this one was sent.</exception>
    public void Written()
    {
        if (_isOver)
        {
            throw new ConnectionOverException(owner.Address);
        }

        if (_isStamped)
        {
            Volatile.Write(ref _writtenAt, timeProvider.GetTimestamp());
        }
    }

    /// <summary>A PING is about to be written. Any answer shows that the server is there, whichever PING it is for.</summary>
    public void PingSent() => Interlocked.CompareExchange(ref _pingedAt, timeProvider.GetTimestamp(), 0);

    public void PingAnswered() => Volatile.Write(ref _pingedAt, 0);

    /// <summary>Whether it was written to since <paramref name="since"/> and has received no byte since then.</summary>
    public bool IsSilentSince(long since) => Volatile.Read(ref _writtenAt) >= since && Volatile.Read(ref _readArmedAt) <= since;

    /// <summary>Closes it, on which no request is, and gives its lease back, whoever holds the stream.</summary>
    public void Close()
    {
        _isOver = true;
        if (_stream is not null && _stream.TryGetTarget(out var stream))
        {
            stream.Dispose();
        }
    }

    public void Abort()
    {
        if (_stream is not null && _stream.TryGetTarget(out var stream))
        {
            stream.Abort();
        }
    }
}
