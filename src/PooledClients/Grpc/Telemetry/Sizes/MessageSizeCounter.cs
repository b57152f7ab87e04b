namespace PooledClients.Grpc.Telemetry.Sizes;

/// <summary>Counts the bytes of messages as they pass, compressed and without the five bytes in front of each (gRPC over HTTP/2, Length-Prefixed-Message).</summary>
internal struct MessageSizeCounter
{
    private const int PrefixLength = 5;

    private long _prefix;
    private int _prefixBytes;
    private uint _left;

    /// <summary>Takes the bytes that follow those of the call before.</summary>
    /// <returns>How many of them are a message's.</returns>
    public long Count(ReadOnlySpan<byte> bytes)
    {
        long count = 0;
        while (!bytes.IsEmpty)
        {
            if (_left > 0)
            {
                var part = (int)Math.Min(_left, bytes.Length);
                _left -= (uint)part;
                count += part;
                bytes = bytes[part..];
                continue;
            }

            _prefix = (_prefix << 8) | bytes[0];
            bytes = bytes[1..];
            if (++_prefixBytes == PrefixLength)
            {
                _left = (uint)_prefix;
                (_prefix, _prefixBytes) = (0, 0);
            }
        }

        return count;
    }
}
