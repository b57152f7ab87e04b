namespace PooledClients.Connections;

/// <summary>Follows the frames of an HTTP/2 connection (RFC 9113, section 4.1) and counts those that end a stream.</summary>
internal sealed class FrameCounter
{
    private const int HeaderLength = 9;
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte EndStream = 1;

    private readonly byte[] _header = new byte[HeaderLength];
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

            var part = Math.Min(HeaderLength - _headerBytes, bytes.Length);
            bytes[..part].CopyTo(_header.AsSpan(_headerBytes));
            _headerBytes += part;
            bytes = bytes[part..];
            if (_headerBytes == HeaderLength)
            {
                _headerBytes = 0;
                _payloadLeft = (_header[0] << 16) | (_header[1] << 8) | _header[2];
                ends += _header[3] is Data or Headers ? _header[4] & EndStream : 0;
            }
        }
    }
}
