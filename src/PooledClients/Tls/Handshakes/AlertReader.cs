using System.Buffers.Binary;

namespace PooledClients.Tls.Handshakes;

/// <summary>Follows the records of a handshake by their headers, for the alert in clear by which it may end.</summary>
internal struct AlertReader
{
    private const int HeaderLength = 5;
    private const byte AlertType = 21;

    private HeaderBuffer _header;
    private int _headerLength;
    private int _payloadLeft;
    private int _payloadRead;

    /// <summary>The description of an alert that came in clear, if one did.</summary>
    public byte? Alert { get; private set; }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_payloadLeft > 0)
            {
                ReadPayload(ref bytes);
                continue;
            }

            _header[_headerLength++] = bytes[0];
            bytes = bytes[1..];
            if (_headerLength == HeaderLength)
            {
                _headerLength = 0;
                _payloadRead = 0;
                _payloadLeft = BinaryPrimitives.ReadUInt16BigEndian(((ReadOnlySpan<byte>)_header)[3..]);
            }
        }
    }

    private void ReadPayload(ref ReadOnlySpan<byte> bytes)
    {
        var length = Math.Min(_payloadLeft, bytes.Length);

        // An alert in clear is two bytes: its level and its description.
        if (_header[0] == AlertType && _payloadRead + _payloadLeft == 2 && _payloadRead < 2 && _payloadRead + length == 2)
        {
            Alert = bytes[length - 1];
        }

        _payloadRead += length;
        _payloadLeft -= length;
        bytes = bytes[length..];
    }

    [System.Runtime.CompilerServices.InlineArray(HeaderLength)]
    private struct HeaderBuffer
    {
        private byte _first;
    }
}
