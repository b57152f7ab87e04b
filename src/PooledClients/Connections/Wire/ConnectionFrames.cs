using System.Buffers.Binary;
using PooledClients.Connections.Wire.Frames;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Connections.Wire;

/// <summary>
/// What the frames of one HTTP/2 connection tell: the streams on it, the limit that its server last set, its GOAWAY.
/// </summary>
/// <remarks>One thread reads and one writes, each in order. The watcher is told under no lock.</remarks>
internal sealed class ConnectionFrames : IEndedStreams
{
    private const ushort MaxConcurrentStreams = 3;
    private const int SettingLength = 6;
    private const int GoAwayLength = 8;
    private const int Unknown = -1;
    private const byte TlsAlert = 21;
    private const byte TlsHandshake = 22;

    private readonly Lock _lock = new();
    private readonly IConnectionWatcher _watcher;
    private readonly FrameReader _sent;
    private readonly FrameReader _received;

    // Guarded by _lock, but for its counts.
    private readonly StreamLedger _streams = new();

    // Written under _lock; what has happened in the bytes that are being looked at is reset with each of them.
    private volatile int _limit = Unknown;
    private volatile int _highestLimit = Unknown;
    private volatile bool _isOver;
    private volatile WrongProtocolException? _foreign;
    private int? _goneAway;
    private bool _wasAnswered;
    private int _lastStarted;
    private long _started;
    private bool _hasBegun;
    private Happened _happened;

    public ConnectionFrames(IConnectionWatcher watcher)
    {
        _watcher = watcher;
        Calls = new CallLedger(_streams);
        _sent = new FrameReader(Http2Frame.PrefaceLength, new Sender(this));
        _received = new FrameReader(prefaceLength: 0, new Receiver(this));
    }

    /// <summary>Gets how many streams the server takes at a time; none until its first SETTINGS have come.</summary>
    public int? Limit => _limit is var limit and not Unknown ? limit : null;

    /// <summary>Gets the most of those that it ever took; below zero until its first SETTINGS have come.</summary>
    public int HighestLimit => _highestLimit;

    /// <summary>Gets what the server's first bytes were instead of HTTP/2; none where they were that.</summary>
    public WrongProtocolException? Foreign => _foreign;

    /// <summary>Gets the calls that the connection was given.</summary>
    public CallLedger Calls { get; }

    /// <inheritdoc cref="StreamLedger.Counts"/>
    public (int Open, int Answered, int Over) Streams => _streams.Counts;

    /// <summary>Gets the streams that were ever opened.</summary>
    public long StreamsStarted => Volatile.Read(ref _started);

    /// <summary>Takes bytes that are about to be written.</summary>
    public void Sent(ReadOnlySpan<byte> bytes) => Tell(Look(_sent, bytes));

    /// <summary>Takes bytes that have arrived.</summary>
    /// <returns>How many streams the server has ended in them.</returns>
    /// <exception cref="WrongProtocolException">They are the first, and not HTTP/2's.</exception>
    public int Received(ReadOnlySpan<byte> bytes)
    {
        if (!_hasBegun && !bytes.IsEmpty)
        {
            _hasBegun = true;
            _foreign = FindForeign(bytes);
            if (_foreign is not null)
            {
                throw _foreign;
            }
        }

        var happened = Look(_received, bytes);
        Tell(happened);
        return happened.EndedByServer;
    }

    /// <summary>Nothing more will arrive: no stream is open any more.</summary>
    /// <returns>That its server went away, where it did.</returns>
    public Exception? End()
    {
        bool isFirst;
        int? code;
        lock (_lock)
        {
            (isFirst, _isOver, code) = (!_isOver, true, _goneAway);
            if (isFirst)
            {
                _streams.Clear();
            }
        }

        if (isFirst)
        {
            _watcher.Ended();
        }

        return code is { } error ? new WentAwayException(error) : null;
    }

    // HTTP/2 begins with a SETTINGS frame, whose first byte is that of a length below 65,536.
    private static WrongProtocolException? FindForeign(ReadOnlySpan<byte> first) => first[0] switch
    {
        0 => null,
        TlsAlert or TlsHandshake => new("The server speaks TLS: its address begins with https://, not http://."),
        (byte)'H' when "HTTP/1."u8.StartsWith(first[..Math.Min(first.Length, 7)]) => new(WrongProtocolException.DescribeHttp11("The server")),
        _ => new("What answers there does not speak HTTP/2."),
    };

    private static int? LimitIn(ReadOnlySpan<byte> settings)
    {
        int? limit = null;
        for (; settings.Length >= SettingLength; settings = settings[SettingLength..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(settings) == MaxConcurrentStreams)
            {
                limit = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(settings[2..]), int.MaxValue);
            }
        }

        return limit;
    }

    private Happened Look(FrameReader reader, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _happened = default;
            if (!_isOver)
            {
                reader.Read(bytes);
                _streams.Publish();
            }

            return _happened;
        }
    }

    // Numbers of streams only rise: what has the number of one before is its trailers.
    private void CountStarted(int streamId)
    {
        if (streamId > _lastStarted)
        {
            _lastStarted = streamId;
            Volatile.Write(ref _started, _started + 1);
        }
    }

    private void Tell(in Happened happened)
    {
        if (happened.WereSettings)
        {
            _watcher.SettingsReceived();
        }

        if (happened.IsFirstAnswer)
        {
            _watcher.FirstAnswered();
        }

        if (happened.WasPing)
        {
            _watcher.Wire?.PingSent();
        }

        if (happened.WasPong)
        {
            _watcher.Wire?.PingAnswered();
        }

        if (happened.GoAway is { } goAway)
        {
            _watcher.GoAwayReceived(goAway.LastStreamId, goAway.ErrorCode);
        }

        if (happened.HasEnded)
        {
            _watcher.StreamsEnded();
        }
    }

    private struct Happened
    {
        public bool WereSettings;
        public bool IsFirstAnswer;
        public bool WasPing;
        public bool WasPong;
        public bool HasEnded;
        public int EndedByServer;
        public (int LastStreamId, int ErrorCode)? GoAway;
    }

    private sealed class Sender(ConnectionFrames frames) : IFrameReceiver
    {
        public void Begin(byte type, byte flags, int streamId)
        {
            switch (type)
            {
                case Http2Frame.Headers:
                    frames._streams.Open(streamId);
                    frames.CountStarted(streamId);
                    break;
                case Http2Frame.Reset:
                    frames._happened.HasEnded |= frames._streams.Remove(streamId);
                    break;
                case Http2Frame.Ping:
                    frames._happened.WasPing |= (flags & Http2Frame.Acknowledged) == 0;
                    break;
            }

            if (Http2Frame.EndsStream(type, flags))
            {
                frames._happened.HasEnded |= frames._streams.Mark(streamId, StreamState.EndedByUs);
            }
        }

        public void Complete(byte type, byte flags, ReadOnlySpan<byte> payload)
        {
        }
    }

    private sealed class Receiver(ConnectionFrames frames) : IFrameReceiver
    {
        public void Begin(byte type, byte flags, int streamId)
        {
            ref var happened = ref frames._happened;
            switch (type)
            {
                case Http2Frame.Headers:
                    frames._streams.Mark(streamId, StreamState.Answered);
                    happened.IsFirstAnswer |= !frames._wasAnswered;
                    frames._wasAnswered = true;
                    break;
                case Http2Frame.Reset:
                    happened.HasEnded |= frames._streams.Remove(streamId, isTakenBack: true);
                    break;
                case Http2Frame.Ping:
                    happened.WasPong |= (flags & Http2Frame.Acknowledged) != 0;
                    break;
            }

            if (Http2Frame.EndsStream(type, flags))
            {
                happened.EndedByServer++;
                happened.HasEnded |= frames._streams.Mark(streamId, StreamState.EndedByServer);
            }
        }

        public void Complete(byte type, byte flags, ReadOnlySpan<byte> payload)
        {
            if (type == Http2Frame.Settings && (flags & Http2Frame.Acknowledged) == 0)
            {
                // A server that names no limit has none; later SETTINGS change only what they name.
                frames._limit = LimitIn(payload) ?? (frames._limit == Unknown ? int.MaxValue : frames._limit);
                frames._highestLimit = Math.Max(frames._limit, frames._highestLimit);
                frames._happened.WereSettings = true;
            }
            else if (type == Http2Frame.GoAway && payload.Length >= GoAwayLength)
            {
                var last = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
                frames._happened.HasEnded |= frames._streams.RemoveAbove(last);
                frames._goneAway = BinaryPrimitives.ReadInt32BigEndian(payload[4..]);
                frames._happened.GoAway = (last, frames._goneAway.Value);
            }
        }
    }
}
