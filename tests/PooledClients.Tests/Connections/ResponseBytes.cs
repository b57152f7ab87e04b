namespace PooledClients.Tests.Connections;

/// <summary>The frames of responses as they follow each other on an HTTP/2 connection.</summary>
internal static class ResponseBytes
{
    /// <summary>What the frames around a message come to.</summary>
    public const int Overhead = (3 * 9) + 20 + 3;

    /// <summary>Headers, a message in frames of 16 KB at most, and trailers.</summary>
    public static byte[] Of(int message)
    {
        var bytes = new List<byte>(Frame(type: 1, flags: 4, length: 20));
        while (message > 16_384)
        {
            bytes.AddRange(Frame(type: 0, flags: 0, length: 16_384));
            message -= 16_384;
        }

        return [.. bytes, .. Frame(type: 0, flags: 0, message), .. Frame(type: 1, flags: 5, length: 3)];
    }

    public static byte[] Of(int responses, int message) => [.. Enumerable.Repeat(Of(message), responses).SelectMany(static bytes => bytes)];

    // Its payload looks like headers of frames that end streams, which it must not be taken for.
    public static byte[] Frame(byte type, byte flags, int length) =>
        [(byte)(length >> 16), (byte)(length >> 8), (byte)length, type, flags, 0, 0, 0, 1, .. Enumerable.Repeat((byte)1, length)];
}
