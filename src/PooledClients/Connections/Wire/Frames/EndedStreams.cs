namespace PooledClients.Connections.Wire.Frames;

/// <summary>Counts the streams that a server ends on an HTTP/2 connection of the runtime's own pool, and knows nothing else of it.</summary>
internal sealed class EndedStreams : IEndedStreams, IFrameReceiver
{
    private readonly FrameReader _received;
    private int _ended;

    public EndedStreams() => _received = new FrameReader(prefaceLength: 0, this);

    public int Received(ReadOnlySpan<byte> bytes)
    {
        _ended = 0;
        _received.Read(bytes);
        return _ended;
    }

    public Exception? End() => null;

    void IFrameReceiver.Begin(byte type, byte flags, int streamId) => _ended += Http2Frame.EndsStream(type, flags) ? 1 : 0;

    void IFrameReceiver.Complete(byte type, byte flags, ReadOnlySpan<byte> payload)
    {
    }
}
