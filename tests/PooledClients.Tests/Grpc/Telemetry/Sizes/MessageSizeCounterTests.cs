using PooledClients.Grpc.Telemetry.Sizes;

namespace PooledClients.Tests.Grpc.Telemetry.Sizes;

public sealed class MessageSizeCounterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Count_OfTwoMessagesInPieces_LeavesThePrefixesOut(int piece)
    {
        byte[] bytes = [0, 0, 0, 1, 4, .. new byte[260], 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9];
        var counter = default(MessageSizeCounter);
        long count = 0;
        for (var at = 0; at < bytes.Length; at += piece)
        {
            count += counter.Count(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
        }

        Assert.Equal(262, count);
    }
}
