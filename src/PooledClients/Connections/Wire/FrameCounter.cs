namespace PooledClients.Connections.Wire;

/// <summary>Follows the frames of an HTTP/2 connection (RFC 9113, section 4.1) and counts those that end a stream.</summary>
internal sealed class FrameCounter
{
    private readonly byte[] _header = new byte[Http2Frame.HeaderLength];
    private int _headerBytes;
    private int _payloadLeft;

    /// <summary>Takes the bytes that follow those of the call before.</summary>
    /// <returns>The streams that the peer has ended in them, by the frames' headers.</returns>
    public int CountEnds(ReadOnlySpan<byte> bytes)
    {
        var ends = 0;
        while (true)
        {
            var payload = Math.Min(_payloadLeft, bytes.Length);
            _payloadLeft -= payload;
            bytes = bytes[payload..];
            if (bytes.IsEmpty)
            {
                return ends;
            }

            var part = Math.Min(_header.Length - _headerBytes, bytes.Length);
            bytes[..part].CopyTo(_header.AsSpan(_headerBytes));
            _headerBytes += part;
            bytes = bytes[part..];
            if (_headerBytes == _header.Length)
            {
                _headerBytes = 0;
                _payloadLeft = Http2Frame.PayloadLength(_header);
                ends += Http2Frame.Type(_header) is Http2Frame.Data or Http2Frame.Headers ? Http2Frame.Flags(_header) & Http2Frame.EndStream : 0;
            }
        }
    }
}
