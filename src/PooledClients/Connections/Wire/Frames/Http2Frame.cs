using System.Buffers.Binary;

namespace PooledClients.Connections.Wire.Frames;

/// <summary>What this library has to know of HTTP/2's frames (RFC 9113, sections 4.1 and 6).</summary>
internal static class Http2Frame
{
    public const int HeaderLength = 9;

    /// <summary>The bytes that a client sends before its first frame (section 3.4).</summary>
    public const int PrefaceLength = 24;

    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;

    /// <summary>A flag of SETTINGS and PING.</summary>
    public const byte Acknowledged = 1;

    /// <summary>A flag of DATA and HEADERS.</summary>
    public const byte EndStream = 1;

    /// <summary>A flag of HEADERS.</summary>
    public const byte EndHeaders = 4;

    public static int PayloadLength(ReadOnlySpan<byte> header) => (header[0] << 16) | (header[1] << 8) | header[2];

    public static byte Type(ReadOnlySpan<byte> header) => header[3];

    public static byte Flags(ReadOnlySpan<byte> header) => header[4];

    /// <summary>Whether a frame is the last of its side of a stream.</summary>
    public static bool EndsStream(byte type, byte flags) => type is Data or Headers && (flags & EndStream) != 0;

    public static int StreamId(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadInt32BigEndian(header[5..]) & int.MaxValue;
}
