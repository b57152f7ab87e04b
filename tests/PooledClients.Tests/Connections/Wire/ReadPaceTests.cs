using PooledClients.Connections.Wire;

namespace PooledClients.Tests.Connections.Wire;

public sealed class ReadPaceTests
{
    private readonly byte[] _buffer = new byte[1_000_000];
    private int _inFlight = ReadPace.Crowd + 1;
    private int _atHand = ReadPace.Crowd;

    [Fact]
    public async Task Read_ThePoolHasABufferForEachCall_ReadsAllAtOnce()
    {
        _inFlight = ReadPace.Crowd;
        var pace = Pace();
        pace.Passed(ResponseBytes.Of(ReadPace.Sample, message: 200));

        Assert.Equal(_buffer.Length, await ReadAsync(pace, new MemoryStream(new byte[_buffer.Length])));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(10_000)]
    public async Task Read_Crowd_ReadsAFewResponses(int message)
    {
        var pace = Pace();
        pace.Passed(ResponseBytes.Of(ReadPace.Sample, message));

        var read = await ReadAsync(pace, new MemoryStream(ResponseBytes.Of(2 * ReadPace.ResponsesARead, message)));

        Assert.Equal((message + ResponseBytes.Overhead) * ReadPace.ResponsesARead, read);
    }

    [Fact]
    public async Task Read_NothingMeasuredYet_ReadsAllAtOnce() => Assert.Equal(_buffer.Length, await ReadAsync(Pace(), new MemoryStream(new byte[_buffer.Length])));

    [Fact]
    public void Passed_ResponsesChange_FollowsTheLastSample()
    {
        var pace = Pace();
        pace.Passed(ResponseBytes.Of(ReadPace.Sample, message: 10_000));
        pace.Passed(ResponseBytes.Of(ReadPace.Sample, message: 200));

        Assert.Equal((200 + ResponseBytes.Overhead) * ReadPace.ResponsesARead, pace.MostBytes);
    }

    [Fact]
    public void Passed_TinyResponses_StaysAtTheLeast()
    {
        var pace = Pace();
        pace.Passed(ResponseBytes.Of(ReadPace.Sample, message: 5));

        Assert.Equal(ReadPace.LeastBytes, pace.MostBytes);
    }

    [Fact]
    public async Task Read_LongResponseAmongShortOnes_TakesFewTurns()
    {
        const int Long = 4_000_000;
        var pace = Pace();
        pace.Passed(ResponseBytes.Of(ReadPace.Sample, message: 200));
        var stream = new MemoryStream([.. ResponseBytes.Of(responses: 3, message: 200), .. ResponseBytes.Of(Long), .. ResponseBytes.Of(responses: 3, message: 200)]);

        var turns = 0;
        while (await ReadAsync(pace, stream) > 0)
        {
            turns++;
        }

        Assert.InRange(turns, 2, 50);
    }

    [Fact]
    public async Task Read_WhatWasHandedOnMayWait_LeavesTheThreadFirst()
    {
        var stream = new CallerStream(new byte[100]);
        var pace = Pace();
        Assert.True(AwaitArrivalAsync(pace, stream).IsCompleted);

        Assert.False(await IsReadByCallerAsync(pace, stream));
    }

    [Fact]
    public async Task Read_FewCallsWaitForThisProcess_ReadsOnInTheSameMeasure()
    {
        var stream = new CallerStream(new byte[100]);
        var pace = Pace();
        _atHand = 1;
        Assert.True(AwaitArrivalAsync(pace, stream).IsCompleted);

        Assert.True(await IsReadByCallerAsync(pace, stream));
    }

    [Fact]
    public async Task Read_NothingWasThereBefore_ReadsAtOnce()
    {
        var arrival = new TaskCompletionSource<int>();
        var stream = new CallerStream(new byte[100]) { Arrival = arrival.Task };
        var pace = Pace();
        var waiting = AwaitArrivalAsync(pace, stream);
        Assert.False(waiting.IsCompleted);
        arrival.SetResult(0);
        await waiting;

        Assert.True(await IsReadByCallerAsync(pace, stream));
        Assert.False(await IsReadByCallerAsync(pace, stream));
    }

    [Fact]
    public async Task Read_Fails_Throws()
    {
        var stream = new MemoryStream();
        await stream.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(Pace(), stream));
        _inFlight = 0;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(Pace(), stream));
    }

    private ReadPace Pace() => new(() => _inFlight, new PooledConnection(new NoOwner(), TimeProvider.System), new ConnectionFrames(new RecordingWatcher()), () => _atHand);

    private Task<int> ReadAsync(ReadPace pace, Stream stream) => pace.ReadAsync(stream, _buffer, TestContext.Current.CancellationToken).AsTask();

    private static Task<int> AwaitArrivalAsync(ReadPace pace, Stream stream) =>
        pace.ReadAsync(stream, Memory<byte>.Empty, TestContext.Current.CancellationToken).AsTask();

    private async Task<bool> IsReadByCallerAsync(ReadPace pace, CallerStream stream)
    {
        stream.Caller = Environment.CurrentManagedThreadId;
        stream.WasReadByCaller = false;
        var read = pace.ReadAsync(stream, _buffer.AsMemory(0, 8), TestContext.Current.CancellationToken);
        stream.Caller = 0;
        Assert.Equal(8, await read);
        return stream.WasReadByCaller;
    }
}
