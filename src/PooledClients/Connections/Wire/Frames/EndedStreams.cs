namespace PooledClients.Connections.Wire.Frames;

/// <summary>Counts the streams that a server ends on an HTTP/2 connection of the runtime's own pool, and knows nothing else of it.</summary>
/// <remarks>Its connection's one reader alone calls it.</remarks>
internal sealed class EndedStreams : IEndedStreams, IFrameReceiver
{
    private readonly FrameReader _received;
    private Action<bool>? _begun;
    private int _ended;

    /// <param name="begun">Told once whether the server's first bytes are HTTP/2's.</param>
    public EndedStreams(Action<bool> begun)
    {
        _begun = begun;
        _received = new FrameReader(prefaceLength: 0, this);
    }

    public int Received(ReadOnlySpan<byte> bytes)
    {
        _ended = 0;
        _received.Read(bytes);
        return _ended;
    }

    public Exception? End() => null;

    void IFrameReceiver.Begin(byte type, byte flags, int streamId)
    {
        _begun?.Invoke(type == Http2Frame.Settings);
        _begun = null;
        _ended += Http2Frame.EndsStream(type, flags) ? 1 : 0;
    }

    void IFrameReceiver.Complete(byte type, byte flags, ReadOnlySpan<byte> payload)
    {
    }
}
