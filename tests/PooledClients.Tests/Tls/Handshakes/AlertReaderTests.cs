using PooledClients.Tls.Handshakes;

namespace PooledClients.Tests.Tls.Handshakes;

public sealed class AlertReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public void Add_AlertInClear_KeepsItsDescription(int step)
    {
        var reader = default(AlertReader);
        foreach (var part in Record(22, new byte[50]).Concat(Record(21, [2, 48])).Chunk(step))
        {
            reader.Add(part);
        }

        Assert.Equal((byte)48, reader.Alert);
    }

    [Fact]
    public void Add_EncryptedAlert_TellsNothing()
    {
        var reader = default(AlertReader);
        reader.Add(Record(21, new byte[26]));
        reader.Add(Record(23, new byte[19]));

        Assert.Null(reader.Alert);
    }

    private static byte[] Record(byte type, byte[] payload) => [type, 3, 3, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
}
