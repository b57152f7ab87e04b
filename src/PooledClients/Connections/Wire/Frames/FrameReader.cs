namespace PooledClients.Connections.Wire.Frames;

/// <summary>
/// Follows the frames of one direction of an HTTP/2 connection by their headers (RFC 9113, section 4.1), whatever the pieces in which
/// the bytes pass. Nothing is copied but a header that is cut in two, and the payload of SETTINGS and GOAWAY.
/// </summary>
internal sealed class FrameReader(int prefaceLength, IFrameReceiver receiver)
{
    // 170 settings; what comes after them is not looked at.
    private const int LongestPayload = 1024;

    private readonly byte[] _header = new byte[Http2Frame.HeaderLength];
    private int _headerBytes;
    private int _skip = prefaceLength;
    private byte[]? _payload;
    private int _payloadBytes;

    /// <summary>Takes the bytes that follow those of the call before.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_payload is not null)
            {
                bytes = bytes[KeepPayload(bytes)..];
            }
            else if (_skip > 0)
            {
                var skipped = Math.Min(_skip, bytes.Length);
                _skip -= skipped;
                bytes = bytes[skipped..];
            }
            else if (_headerBytes == 0 && bytes.Length >= Http2Frame.HeaderLength)
            {
                Begin(bytes);
                bytes = bytes[Http2Frame.HeaderLength..];
            }
            else
            {
                var part = Math.Min(Http2Frame.HeaderLength - _headerBytes, bytes.Length);
                bytes[..part].CopyTo(_header.AsSpan(_headerBytes));
                _headerBytes += part;
                bytes = bytes[part..];
                if (_headerBytes == Http2Frame.HeaderLength)
                {
                    _headerBytes = 0;
                    Begin(_header);
                }
            }
        }
    }

    private void Begin(ReadOnlySpan<byte> header)
    {
        var type = Http2Frame.Type(header);
        var length = Http2Frame.PayloadLength(header);
        receiver.Begin(type, Http2Frame.Flags(header), Http2Frame.StreamId(header));
        if (type is not (Http2Frame.Settings or Http2Frame.GoAway))
        {
            _skip = length;
            return;
        }

        header[..Http2Frame.HeaderLength].CopyTo(_header);
        _payload = new byte[Math.Min(length, LongestPayload)];
        _payloadBytes = 0;
        _skip = length - _payload.Length;
        CompleteIfWhole();
    }

    private int KeepPayload(ReadOnlySpan<byte> bytes)
    {
        var part = Math.Min(_payload!.Length - _payloadBytes, bytes.Length);
        bytes[..part].CopyTo(_payload.AsSpan(_payloadBytes));
        _payloadBytes += part;
        CompleteIfWhole();
        return part;
    }

    private void CompleteIfWhole()
    {
        if (_payload is { } payload && _payloadBytes == payload.Length)
        {
            _payload = null;
            receiver.Complete(Http2Frame.Type(_header), Http2Frame.Flags(_header), payload);
        }
    }
}
