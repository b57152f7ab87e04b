using PooledClients.Connections.Wire;

namespace PooledClients.Tests.Connections.Wire;

public sealed class SettingsStreamTests
{
    // A SETTINGS frame with HEADER_TABLE_SIZE = 4096 and MAX_CONCURRENT_STREAMS = 42, then a PING.
    private static readonly byte[] Frames =
    [
        0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 1, 0, 0, 16, 0, 0, 3, 0, 0, 0, 42,
        0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(20)]
    [InlineData(1024)]
    public async Task Read_SettingsInPieces_LearnsTheLimitOnceAndForwardsEveryByte(int piece)
    {
        var learnt = new List<int>();
        using var stream = new SettingsStream(new MemoryStream(Frames), Calm(), learnt.Add);

        Assert.Equal(Frames, await ReadAllAsync(stream, piece));
        Assert.Equal([42], learnt);
    }

    // By then the runtime has taken the limit in: a call that is let through on its account does not come before it.
    [Fact]
    public async Task Read_WholeFrame_TellsTheLimitWithTheNextReadOnly()
    {
        var learnt = new List<int>();
        using var stream = new SettingsStream(new MemoryStream(Frames), Calm(), learnt.Add);

        await stream.ReadExactlyAsync(new byte[21], TestContext.Current.CancellationToken);
        Assert.Empty(learnt);
        _ = await stream.ReadAsync(Memory<byte>.Empty, TestContext.Current.CancellationToken);

        Assert.Equal([42], learnt);
    }

    [Fact]
    public async Task Read_SettingsWithoutALimit_LearnsThatThereIsNone()
    {
        var learnt = new List<int>();
        using var stream = new SettingsStream(new MemoryStream([0, 0, 0, 4, 0, 0, 0, 0, 0]), Calm(), learnt.Add);

        await ReadAllAsync(stream, 100);

        Assert.Equal([int.MaxValue], learnt);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 })]
    [InlineData(new byte[] { 72, 84, 84, 80, 47, 49, 46, 49, 32, 52, 48, 48, 32, 66, 97, 100 })]
    public async Task Read_SomethingElse_LearnsNothingAndForwardsIt(byte[] bytes)
    {
        var learnt = new List<int>();
        using var stream = new SettingsStream(new MemoryStream(bytes), Calm(), learnt.Add);

        Assert.Equal(bytes, await ReadAllAsync(stream, 3));
        Assert.Empty(learnt);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3, 0 })]
    public async Task Read_EndsBeforeTheFirstFrameDoes_SaysSo(byte[] bytes)
    {
        using var stream = new SettingsStream(new MemoryStream(bytes), Calm(), static _ => { });

        await Assert.ThrowsAsync<EndedBeforeSettingsException>(() => ReadAllAsync(stream, 3));
    }

    // The frames are followed from the first byte on: who begins in the middle of one counts nonsense.
    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    public async Task Read_AfterTheSettings_KeepsThePace(int piece)
    {
        var pace = new ReadPace(static () => ReadPace.Crowd + 1, connection: null);
        using var stream = new SettingsStream(new MemoryStream([.. Frames, .. ResponseBytes.Of(ReadPace.Sample, message: 1000)]), pace, static _ => { });

        await ReadAllAsync(stream, piece);

        Assert.InRange(pace.MostBytes, 1000 * ReadPace.ResponsesARead, 1100 * ReadPace.ResponsesARead);
    }

    private static ReadPace Calm() => new(static () => 0, connection: null);

    private static async Task<byte[]> ReadAllAsync(Stream stream, int piece)
    {
        var all = new List<byte>();
        var buffer = new byte[piece];
        while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is var read and > 0)
        {
            all.AddRange(buffer.AsSpan(0, read));
        }

        return [.. all];
    }
}
