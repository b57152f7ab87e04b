using System.Security.Cryptography;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tests.Tls.Handshakes;

public sealed class ServerHelloSnifferTests
{
    private const byte Handshake = 22;
    private const byte ChangeCipherSpec = 20;
    private const byte Alert = 21;

    private static readonly byte[] KeyShare = Extension(51, new byte[36]);
    private static readonly byte[] Version13 = Extension(43, [3, 4]);
    private static readonly byte[] PreSharedKey = Extension(41, [0, 0]);

    private static readonly byte[] RetryRandom = SHA256.HashData("HelloRetryRequest"u8);

    public static TheoryData<string, byte[], bool?> Handshakes => new()
    {
        { "1.3 full", Record(Handshake, Hello(null, Version13, KeyShare)), false },
        { "1.3 resumed", Record(Handshake, Hello(null, KeyShare, Version13, PreSharedKey)), true },
        { "1.3 full after a retry", [.. Retry(), .. Record(Handshake, Hello(null, Version13, KeyShare))], false },
        { "1.3 resumed after a retry", [.. Retry(), .. Record(Handshake, Hello(null, Version13, KeyShare, PreSharedKey))], true },
        { "1.2 full", Record(Handshake, [.. Hello(null), .. Message(11, new byte[500])]), false },
        { "1.2 full in many records", [.. Record(Handshake, Hello(null)), .. Record(Handshake, Message(11, new byte[500]))], false },
        { "1.2 resumed by id", [.. Record(Handshake, Hello(null)), .. Record(ChangeCipherSpec, [1])], true },
        { "1.2 resumed by ticket", Record(Handshake, [.. Hello(null), .. Message(4, new byte[200])]), true },
        { "1.2 without extensions", Record(Handshake, [.. Message(2, HelloBody(null, null)), .. Message(11, new byte[10])]), false },
        { "an alert", Record(Alert, [2, 40]), null },
        { "no TLS", "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), null },
        { "a hello that lies about its extensions", Record(Handshake, Hello(null, [0, 43, 0, 200, 3, 4])), null },
        { "a hello cut short", Record(Handshake, Message(2, new byte[20])), null },
        { "a hello without end", Record(Handshake, [2, 255, 255, 255, .. new byte[100]]), null },
    };

    [Theory]
    [MemberData(nameof(Handshakes))]
    public void Add_InPartsOfAnySize_TellsWhetherItResumes(string name, byte[] bytes, bool? expected)
    {
        Assert.NotEmpty(name);
        foreach (var step in new[] { 1, 2, 3, 7, 64, 100_000 })
        {
            var sniffer = default(ServerHelloSniffer);
            foreach (var part in bytes.Chunk(step))
            {
                sniffer.Add(part);
            }

            Assert.Equal(expected, sniffer.Resumed);
        }
    }

    [Fact]
    public void Add_ByteByByte_AllocatesInProportionToTheBytes()
    {
        // A hello that promises more than ever comes, so that all of it is kept.
        var bytes = Record(Handshake, [2, 0, 0x3f, 0xff, .. new byte[16_000]]);
        var sniffer = default(ServerHelloSniffer);
        sniffer.Add(bytes.AsSpan(0, 1));
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 1; i < bytes.Length; i++)
        {
            sniffer.Add(bytes.AsSpan(i, 1));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5 * bytes.Length);
        Assert.Null(sniffer.Resumed);
    }

    [Fact]
    public void Add_RandomBytes_NeverThrows()
    {
        var random = new Random(7);
        var hello = Record(Handshake, Hello(null, Version13, KeyShare, PreSharedKey));
        for (var i = 0; i < 5000; i++)
        {
            byte[] bytes = [.. hello];
            for (var change = 0; change < 4; change++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var sniffer = default(ServerHelloSniffer);
            sniffer.Add(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            sniffer.Add(bytes);
        }
    }

    private static byte[] Retry() => [.. Record(Handshake, Hello(RetryRandom, Version13, KeyShare)), .. Record(ChangeCipherSpec, [1])];

    private static byte[] Hello(byte[]? random, params byte[][] extensions) =>
        Message(2, HelloBody(random, [.. extensions.SelectMany(static extension => extension)]));

    private static byte[] HelloBody(byte[]? random, byte[]? extensions) =>
    [
        3, 3, .. random ?? new byte[32], 32, .. new byte[32], 0x13, 1, 0,
        .. extensions is null ? Array.Empty<byte>() : [(byte)(extensions.Length >> 8), (byte)extensions.Length, .. extensions],
    ];

    private static byte[] Extension(ushort type, byte[] data) =>
        [(byte)(type >> 8), (byte)type, (byte)(data.Length >> 8), (byte)data.Length, .. data];

    private static byte[] Message(byte type, byte[] body) => [type, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static byte[] Record(byte type, byte[] payload) => [type, 3, 3, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
}
