using System.Buffers.Binary;

namespace PooledClients.TestBed.Http2;

/// <summary>One HTTP/2 frame, nine bytes of header and its payload.</summary>
internal sealed record Frame(FrameType Type, FrameFlags Flags, int StreamId, byte[] Payload)
{
    private const int HeaderLength = 9;

    public bool Has(FrameFlags flag) => (Flags & flag) != 0;

    public static async Task<Frame> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderLength];
        await stream.ReadExactlyAsync(header, cancellationToken);
        var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
        await stream.ReadExactlyAsync(payload, cancellationToken);
        return new Frame(
            (FrameType)header[3], (FrameFlags)header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue, payload);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderLength + Payload.Length];
        bytes[0] = (byte)(Payload.Length >> 16);
        bytes[1] = (byte)(Payload.Length >> 8);
        bytes[2] = (byte)Payload.Length;
        bytes[3] = (byte)Type;
        bytes[4] = (byte)Flags;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(5), StreamId);
        Payload.CopyTo(bytes, HeaderLength);
        return bytes;
    }

    /// <summary>Gets the payload of HEADERS or DATA without padding and priority.</summary>
    public ReadOnlySpan<byte> Content()
    {
        var content = Payload.AsSpan();
        if (Has(FrameFlags.Padded))
        {
            content = content[1..^content[0]];
        }

        return Type == FrameType.Headers && Has(FrameFlags.Priority) ? content[5..] : content;
    }
}
