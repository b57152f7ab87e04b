using System.Buffers.Binary;
using System.Text;
using PooledClients.Connections.Wire;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tests.Connections.Wire;

public sealed class ConnectionFramesTests
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte GoAway = 7;
    private const byte EndStream = 1;
    private const byte Acknowledged = 1;

    private readonly RecordingWatcher _watcher = new();
    private readonly ConnectionFrames _frames;

    public ConnectionFramesTests()
    {
        _frames = new ConnectionFrames(_watcher);
        _frames.Sent(new byte[24]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(100)]
    [InlineData(1_000_000)]
    public void Received_ResponsesInPieces_CountsEachOnce(int piece)
    {
        byte[] bytes = [.. ResponseBytes.Of(responses: 5, message: 40), .. ResponseBytes.Of(message: 50_000), .. ResponseBytes.Of(message: 0)];

        Assert.Equal(7, bytes.Chunk(piece).Sum(part => _frames.Received(part)));
    }

    [Theory]
    [InlineData(Data, EndStream, 1)]
    [InlineData(Data, 0, 0)]
    [InlineData(Headers, 4, 0)]
    [InlineData(Headers, 5, 1)]
    [InlineData(Settings, Acknowledged, 0)]
    [InlineData(6, 1, 0)] // PING, an acknowledgement
    [InlineData(9, 1, 0)] // CONTINUATION
    public void Received_Frame_CountsWhatEndsAStream(byte type, byte flags, int ends) =>
        Assert.Equal(ends, _frames.Received(ResponseBytes.Frame(type, flags, length: 8)));

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1000)]
    public void Streams_OpenedAnsweredAndEnded_AreCountedUntilBothSidesHaveEnded(int piece)
    {
        Send(piece, Frame(Headers, 4, 1), Frame(Data, 0, 1, 30), Frame(Headers, 5, 3), Frame(Headers, 5, 5), Frame(Headers, 4, 7));
        Assert.Equal((4, 0, 0), _frames.Streams);

        Receive(piece, Frame(Headers, 4, 1), Frame(Headers, 4, 3), Frame(Data, 0, 3, 1000));
        Assert.Equal((4, 2, 0), _frames.Streams);

        // 1: the server ends first; 3: we had ended; 5: reset by the server; 7: reset by us.
        Receive(piece, Frame(Headers, 5, 1), Frame(Data, EndStream, 3, 5), Frame(Reset, 0, 5, 4));
        Assert.Equal((2, 1, 1), _frames.Streams);
        Send(piece, Frame(Data, EndStream, 1), Frame(Reset, 0, 7, 4));
        Assert.Equal((0, 0, 3), _frames.Streams);
        Assert.Equal("answered", _watcher.Events[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(1000)]
    public void Limit_Settings_FollowsTheLastThatNamesOne(int piece)
    {
        Assert.Null(_frames.Limit);
        Receive(piece, Frame(Settings, 0, 0));
        Assert.Equal(int.MaxValue, _frames.Limit);
        Receive(piece, SettingsOf((1, 4096), (3, 10), (4, 65_535)));
        Assert.Equal(10, _frames.Limit);
        Receive(piece, Frame(Settings, Acknowledged, 0), SettingsOf((4, 1)));
        Assert.Equal(10, _frames.Limit);
        Receive(piece, SettingsOf((3, 0)));
        Assert.Equal(0, _frames.Limit);
        Receive(piece, SettingsOf((3, uint.MaxValue)));
        Assert.Equal(int.MaxValue, _frames.Limit);
        Assert.Equal(Enumerable.Repeat("SETTINGS", 5), _watcher.Events);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP/1.1 only")]
    [InlineData("HTTP/1", "speaks HTTP/1.1 only")]
    [InlineData("H", "speaks HTTP/1.1 only")]
    [InlineData("HTTPS?", "does not speak HTTP/2")]
    [InlineData("HELO", "does not speak HTTP/2")]
    [InlineData("SSH-2.0", "does not speak HTTP/2")]
    public void Received_FirstBytesOfAnotherProtocol_SaysWhich(string bytes, string words)
    {
        var foreign = Assert.Throws<WrongProtocolException>(() => _frames.Received(Encoding.Latin1.GetBytes(bytes)));

        Assert.Contains(words, foreign.Message, StringComparison.Ordinal);
        Assert.Equal(foreign, _frames.Foreign);
    }

    [Fact]
    public void GoAway_StreamsAboveItsLast_CountNoMore()
    {
        Send(1000, Frame(Headers, 5, 1), Frame(Headers, 5, 3), Frame(Headers, 5, 5));

        Receive(4, Frame(GoAway, 0, 0, [0, 0, 0, 3, 0, 0, 0, 11, 1, 2, 3, 4, 5]));

        Assert.Equal((2, 0, 0), _frames.Streams);
        Assert.Equal(["GOAWAY 3 11", "ended"], _watcher.Events);
    }

    [Fact]
    public void GoAway_StreamSentAfterIt_CountsOnlyUpToItsLast()
    {
        Receive(1000, Frame(GoAway, 0, 0, [0, 0, 0, 3, 0, 0, 0, 0]));

        // The runtime learns of it after us, and resets none of these: the server knows nothing of them.
        Send(1000, Frame(Headers, 5, 3), Frame(Headers, 5, 5));

        Assert.Equal((1, 0, 0), _frames.Streams);
    }

    [Fact]
    public void End_StreamsAreOpen_EndsThemAllAndTellsOnce()
    {
        Send(1000, Frame(Headers, 5, 1), Frame(Headers, 5, 3));

        _frames.End();
        _frames.End();
        Send(1000, Frame(Headers, 5, 5));

        Assert.Equal((0, 0, 0), _frames.Streams);
        Assert.Equal(["over"], _watcher.Events);
    }

    [Fact]
    public void SentAndReceived_ManyCalls_AllocateNothing()
    {
        byte[] request = [.. Frame(Headers, 4, 1), .. Frame(Data, EndStream, 1, 40)];
        var response = ResponseBytes.Of(message: 100);
        PassBoth();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            PassBoth();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal((0, 0, 101), _frames.Streams);

        void PassBoth()
        {
            _frames.Sent(request);
            _frames.Received(response);
            _watcher.Events.Clear();
        }
    }

    private static byte[] Frame(byte type, byte flags, int streamId, int length = 0) => Frame(type, flags, streamId, new byte[length]);

    private static byte[] Frame(byte type, byte flags, int streamId, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, 9);
        return frame;
    }

    private static byte[] SettingsOf(params (ushort Name, uint Value)[] settings)
    {
        var payload = new byte[6 * settings.Length];
        for (var i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(6 * i), settings[i].Name);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan((6 * i) + 2), settings[i].Value);
        }

        return Frame(Settings, 0, 0, payload);
    }

    private void Send(int piece, params byte[][] frames)
    {
        foreach (var part in frames.SelectMany(static frame => frame).Chunk(piece))
        {
            _frames.Sent(part);
        }
    }

    private void Receive(int piece, params byte[][] frames)
    {
        foreach (var part in frames.SelectMany(static frame => frame).Chunk(piece))
        {
            _frames.Received(part);
        }
    }
}
