using System.Buffers.Binary;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// Follows the records of a TLS connection by their headers alone. After the handshake a server that goes on to speak sends records
/// of at least two lengths (tickets, settings, their acknowledgement); one that refuses sends equal tickets or an alert, and closes.
/// </summary>
internal struct TlsRecordCounter
{
    private const int HeaderLength = 5;
    private const byte AlertType = 21;
    private const int EncryptedAlertLength = 19;

    private HeaderBuffer _header;
    private int _headerLength;
    private int _payloadLeft;
    private int _payloadRead;
    private int _firstLength;

    /// <summary>Whether more than tickets and alerts came since the handshake.</summary>
    public bool HasAnswer { get; private set; }

    /// <summary>Whether an alert came since the handshake: the server ends the connection, politely or not.</summary>
    public bool HasEnd { get; private set; }

    /// <summary>The description of an alert that came in clear, if one did.</summary>
    public byte? Alert { get; private set; }

    public void Add(ReadOnlySpan<byte> bytes, bool handshakeCompleted)
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
                if (handshakeCompleted)
                {
                    Count(_payloadLeft);
                }
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

    private void Count(int length)
    {
        if (_header[0] == AlertType || length == EncryptedAlertLength)
        {
            HasEnd = true;
            return;
        }

        HasAnswer |= _firstLength != 0 && _firstLength != length;
        _firstLength = length;
    }

    [System.Runtime.CompilerServices.InlineArray(HeaderLength)]
    private struct HeaderBuffer
    {
        private byte _first;
    }
}
