using PooledClients.Connections.Wire;

namespace PooledClients.Tests.Connections.Wire;

public sealed class FrameCounterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(100)]
    [InlineData(1_000_000)]
    public void CountEnds_ResponsesInPieces_CountsEachOnce(int piece)
    {
        byte[] bytes = [.. ResponseBytes.Of(responses: 5, message: 40), .. ResponseBytes.Of(message: 50_000), .. ResponseBytes.Of(message: 0)];
        var counter = new FrameCounter();

        Assert.Equal(7, bytes.Chunk(piece).Sum(part => counter.CountEnds(part)));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(0, 0, 0)]
    [InlineData(1, 4, 0)]
    [InlineData(1, 5, 1)]
    [InlineData(4, 1, 0)] // SETTINGS, an acknowledgement
    [InlineData(6, 1, 0)] // PING, an acknowledgement
    [InlineData(9, 1, 0)] // CONTINUATION
    public void CountEnds_Frame_CountsWhatEndsAStream(byte type, byte flags, int ends) => Assert.Equal(ends, new FrameCounter().CountEnds(ResponseBytes.Frame(type, flags, length: 8)));

    [Fact]
    public void CountEnds_AllocatesNothing()
    {
        var bytes = ResponseBytes.Of(responses: 100, message: 100);
        var counter = new FrameCounter();
        counter.CountEnds(bytes);

        var before = GC.GetAllocatedBytesForCurrentThread();
        counter.CountEnds(bytes);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
