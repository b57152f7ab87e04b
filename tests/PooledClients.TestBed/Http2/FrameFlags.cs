namespace PooledClients.TestBed.Http2;

/// <summary>The frame flags of RFC 9113, section 6. Acknowledge and EndStream share a bit.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,
    EndStream = 0x1,
    Acknowledge = EndStream,
    EndHeaders = 0x4,
    Padded = 0x8,
    Priority = 0x20,
}
