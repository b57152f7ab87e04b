using PooledClients.Tls.Handshakes;

namespace PooledClients.Tests.Tls.Handshakes;

public sealed class TlsRecordCounterTests
{
    [Theory]
    [InlineData(new[] { 698, 698 }, false)]
    [InlineData(new[] { 19 }, false)]
    [InlineData(new[] { 698, 698, 19 }, false)]
    [InlineData(new[] { 26 }, false)]
    [InlineData(new[] { 698, 698, 44 }, true)]
    [InlineData(new[] { 44, 26 }, true)]
    [InlineData(new[] { 44, 26, 26 }, true)]
    public void Add_RecordsAfterTheHandshake_TellsTicketsFromAnAnswer(int[] lengths, bool expected)
    {
        byte[] bytes = [.. lengths.SelectMany(static length => Record(23, new byte[length]))];

        for (var step = 1; step < 9; step++)
        {
            var counter = default(TlsRecordCounter);
            counter.Add(Record(22, new byte[900]), handshakeCompleted: false);
            foreach (var part in bytes.Chunk(step))
            {
                counter.Add(part, handshakeCompleted: true);
            }

            Assert.Equal(expected, counter.HasAnswer);
        }
    }

    [Fact]
    public void Add_AlertInClear_KeepsItsDescription()
    {
        foreach (var step in new[] { 1, 2, 3, 100 })
        {
            var counter = default(TlsRecordCounter);
            foreach (var part in Record(22, new byte[50]).Concat(Record(21, [2, 48])).Chunk(step))
            {
                counter.Add(part, handshakeCompleted: false);
            }

            Assert.Equal((byte)48, counter.Alert);
        }
    }

    private static byte[] Record(byte type, byte[] payload) => [type, 3, 3, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
}
