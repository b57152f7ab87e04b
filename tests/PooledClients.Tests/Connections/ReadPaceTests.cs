using PooledClients.Connections;

namespace PooledClients.Tests.Connections;

public sealed class ReadPaceTests
{
    [Fact]
    public void IsCrowded_WhileThePoolHasABufferForEachCall_IsFalse()
    {
        var inFlight = ReadPace.Crowd;
        var pace = new ReadPace(() => inFlight);

        Assert.False(pace.IsCrowded);
        inFlight++;
        Assert.True(pace.IsCrowded);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(10_000)]
    public void MostBytes_OnceMeasured_IsAFewResponses(int worth)
    {
        var pace = new ReadPace(() => ReadPace.Crowd + 1);
        Assert.Equal(int.MaxValue, pace.MostBytes);

        End(pace, ReadPace.Sample, worth);

        Assert.Equal(worth * ReadPace.ResponsesARead, pace.MostBytes);
    }

    [Fact]
    public void MostBytes_ResponsesChange_FollowsTheLastSample()
    {
        var pace = new ReadPace(() => ReadPace.Crowd + 1);

        End(pace, ReadPace.Sample, 10_000);
        End(pace, ReadPace.Sample, 200);

        Assert.Equal(200 * ReadPace.ResponsesARead, pace.MostBytes);
    }

    // Calls that reach their deadline have had no byte: reading on one by one would be worse than not to pace at all.
    [Fact]
    public void MostBytes_CallsEndWithoutAByte_StaysAtTheLeast()
    {
        var pace = new ReadPace(() => ReadPace.Crowd + 1);

        End(pace, ReadPace.Sample, 0);

        Assert.Equal(ReadPace.LeastBytes, pace.MostBytes);
    }

    [Fact]
    public void MostBytes_LongResponseAmongShortOnes_GrowsBeforeTheSampleIsFull()
    {
        var pace = new ReadPace(() => ReadPace.Crowd + 1);
        End(pace, ReadPace.Sample, 200);
        End(pace, 1, 200);
        var before = pace.MostBytes;

        for (var read = 0; read < 4_000_000; read += pace.MostBytes)
        {
            pace.BytesRead(pace.MostBytes);
        }

        Assert.True(pace.MostBytes > 10 * before, $"{pace.MostBytes} bytes a read, {before} before.");
    }

    [Fact]
    public void CallEnded_NoCrowd_IsNotCounted()
    {
        var pace = new ReadPace(() => 0);

        for (var i = 0; i < 2 * ReadPace.Sample; i++)
        {
            pace.CallEnded(ReadPace.Crowd - 1);
        }

        Assert.Equal(int.MaxValue, pace.MostBytes);
    }

    // What two measurements at a time leave behind is one of the two, or the least.
    [Fact]
    public async Task MostBytes_ManyThreads_IsOfTheWorthThatAllHave()
    {
        for (var round = 0; round < 50; round++)
        {
            var pace = new ReadPace(() => ReadPace.Crowd + 1);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => End(pace, 10 * ReadPace.Sample, 300))));

            Assert.InRange(pace.MostBytes, ReadPace.LeastBytes, 2 * 300 * ReadPace.ResponsesARead);
        }
    }

    private static void End(ReadPace pace, int calls, int worth)
    {
        for (var i = 0; i < calls; i++)
        {
            pace.BytesRead(worth);
            pace.CallEnded(ReadPace.Crowd);
        }
    }
}
