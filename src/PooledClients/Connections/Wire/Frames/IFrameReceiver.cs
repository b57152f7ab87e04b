namespace PooledClients.Connections.Wire.Frames;

/// <summary>Told of the frames of one direction, in order.</summary>
internal interface IFrameReceiver
{
    /// <summary>A frame begins. The payload of SETTINGS and GOAWAY follows, that of others is not looked at.</summary>
    void Begin(byte type, byte flags, int streamId);

    /// <summary>The payload of a SETTINGS or GOAWAY frame, up to the length that is looked at.</summary>
    void Complete(byte type, byte flags, ReadOnlySpan<byte> payload);
}
