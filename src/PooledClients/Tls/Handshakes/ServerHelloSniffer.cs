using System.Buffers.Binary;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// Reads from a server's first bytes whether the handshake resumes a session, which <see cref="System.Net.Security.SslStream"/> does
/// not tell. TLS 1.3: the ServerHello accepts a pre-shared key. TLS 1.2: no Certificate message follows it.
/// </summary>
internal struct ServerHelloSniffer
{
    private const int MaxLength = 16 * 1024;
    private const int RecordHeader = 5;
    private const int MessageHeader = 4;
    private const byte ChangeCipherSpecRecord = 20;
    private const byte HandshakeRecord = 22;
    private const byte ServerHello = 2;
    private const byte NewSessionTicket = 4;
    private const byte Certificate = 11;
    private const ushort PreSharedKey = 41;
    private const ushort SupportedVersions = 43;
    private const ushort Tls13 = 0x0304;

    private Header _header;
    private int _headerLength;
    private byte _recordType;
    private int _payloadLeft;
    private int _total;

    // The handshake messages so far, across records, and how far they are read: nothing is looked at twice.
    private byte[]? _messages;
    private int _length;
    private int _read;
    private bool _afterHello;
    private bool _done;

    private enum Kind
    {
        NeedsMore,
        Unknown,
        Full,
        Resumed,
    }

    /// <summary>Null while, or if, it cannot be told.</summary>
    public bool? Resumed { get; private set; }

    /// <summary>The hash that marks a ServerHello as a request to try again (RFC 8446, 4.1.3).</summary>
    private static ReadOnlySpan<byte> RetryRandom =>
    [
        0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
        0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
    ];

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!_done && !bytes.IsEmpty)
        {
            var kind = _payloadLeft > 0 ? ReadPayload(ref bytes) : ReadHeader(ref bytes);
            if (kind == Kind.NeedsMore && _total < MaxLength)
            {
                continue;
            }

            Resumed = kind switch { Kind.Full => false, Kind.Resumed => true, _ => null };
            _messages = null;
            _done = true;
        }
    }

    private Kind ReadHeader(ref ReadOnlySpan<byte> bytes)
    {
        _header[_headerLength++] = bytes[0];
        bytes = bytes[1..];
        _total++;
        if (_headerLength < RecordHeader)
        {
            return Kind.NeedsMore;
        }

        _headerLength = 0;
        _recordType = _header[0];
        _payloadLeft = BinaryPrimitives.ReadUInt16BigEndian(((ReadOnlySpan<byte>)_header)[3..]);
        return _recordType switch
        {
            // In TLS 1.2 it comes right after the hello of a resumed session; in TLS 1.3 it means nothing and may follow a retry.
            ChangeCipherSpecRecord => _afterHello ? Kind.Resumed : Kind.NeedsMore,
            HandshakeRecord => Kind.NeedsMore,
            _ => Kind.Unknown,
        };
    }

    private Kind ReadPayload(ref ReadOnlySpan<byte> bytes)
    {
        var part = bytes[..Math.Min(bytes.Length, Math.Min(_payloadLeft, MaxLength - _total))];
        bytes = bytes[part.Length..];
        _payloadLeft -= part.Length;
        _total += part.Length;
        if (_recordType != HandshakeRecord)
        {
            return Kind.NeedsMore;
        }

        if (_messages is null || _messages.Length < _length + part.Length)
        {
            Array.Resize(ref _messages, Math.Max(_length + part.Length, Math.Min(2 * _length, MaxLength)));
        }

        part.CopyTo(_messages.AsSpan(_length));
        _length += part.Length;
        return ReadMessages(_messages.AsSpan(0, _length), ref _read, ref _afterHello);
    }

    private static Kind ReadMessages(ReadOnlySpan<byte> bytes, ref int read, ref bool afterHello)
    {
        while (bytes.Length - read >= MessageHeader)
        {
            var message = bytes[read..];
            var type = message[0];
            if (afterHello)
            {
                return type switch { Certificate => Kind.Full, NewSessionTicket => Kind.Resumed, _ => Kind.Unknown };
            }

            var length = (message[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
            if (type != ServerHello || length > MaxLength)
            {
                return Kind.Unknown;
            }

            if (message.Length < MessageHeader + length)
            {
                return Kind.NeedsMore;
            }

            read += MessageHeader + length;
            switch (ReadHello(message.Slice(MessageHeader, length)))
            {
                case null:
                    return Kind.Unknown;
                case { IsRetry: true }:
                    break;
                case { IsTls13: true, HasPreSharedKey: var resumed }:
                    return resumed ? Kind.Resumed : Kind.Full;
                default:
                    afterHello = true;
                    break;
            }
        }

        return Kind.NeedsMore;
    }

    private static (bool IsRetry, bool IsTls13, bool HasPreSharedKey)? ReadHello(ReadOnlySpan<byte> hello)
    {
        // Version (2), random (32), session id (1 + n), cipher suite (2), compression (1), extensions (2 + n).
        const int SessionId = 34;
        if (hello.Length <= SessionId)
        {
            return null;
        }

        var isRetry = hello[2..SessionId].SequenceEqual(RetryRandom);
        var position = SessionId + 1 + hello[SessionId] + 3;
        if (hello.Length < position + 2)
        {
            return (isRetry, false, false);
        }

        bool isTls13 = false, hasPreSharedKey = false;
        var extensions = hello[(position + 2)..];
        while (extensions.Length >= 4)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            int length = BinaryPrimitives.ReadUInt16BigEndian(extensions[2..]);
            if (extensions.Length < 4 + length)
            {
                return null;
            }

            hasPreSharedKey |= type == PreSharedKey;
            isTls13 |= type == SupportedVersions && length == 2 && BinaryPrimitives.ReadUInt16BigEndian(extensions[4..]) == Tls13;
            extensions = extensions[(4 + length)..];
        }

        return (isRetry, isTls13, hasPreSharedKey);
    }

    [System.Runtime.CompilerServices.InlineArray(RecordHeader)]
    private struct Header
    {
        private byte _first;
    }
}
