using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc.Messages;
using PooledClients.TestBed.Waiting;

namespace PooledClients.Tests.Grpc.Messages;

public sealed class ContentHoldTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _heard = new();

    [Fact]
    public async Task WaitAsync_ServerNeverSpeaks_EndsAfterASecond()
    {
        var wait = new ContentHold(_heard.Task, _time).WaitAsync(TestContext.Current.CancellationToken);

        _time.Advance(ContentHold.Longest - TimeSpan.FromTicks(1));
        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));
        await wait.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(TimeSpan.FromSeconds(1), ContentHold.Longest);
    }

    [Fact]
    public async Task WaitAsync_ServerSpeaks_Ends()
    {
        var hold = new ContentHold(_heard.Task, _time);
        var wait = hold.WaitAsync(TestContext.Current.CancellationToken);
        Assert.True(hold.IsOn);
        Assert.False(wait.IsCompleted);

        _heard.SetResult();

        await wait.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(hold.IsOn);
    }

    // The end of the connection comes at the same time, and says why.
    [Fact]
    public async Task WaitAsync_StreamEnds_EndsWithItsAttempt()
    {
        using var stream = new CancellationTokenSource();
        var hold = new ContentHold(_heard.Task, _time);
        var wait = hold.WaitAsync(stream.Token);

        await stream.CancelAsync();
        _heard.SetResult();
        Assert.False(wait.IsCompleted);
        hold.End();

        await Assert.ThrowsAsync<OperationCanceledException>(() => wait.WaitAsync(TestContext.Current.CancellationToken));
    }

    // A request that the runtime sends again waits for the stream that the message holds.
    [Fact]
    public async Task WaitAsync_StreamEndsAndItsAttemptDoesNot_EndsSoonAfter()
    {
        using var stream = new CancellationTokenSource();
        var wait = new ContentHold(_heard.Task, _time).WaitAsync(stream.Token);

        _heard.SetResult();
        await stream.CancelAsync();
        _time.Advance(ContentHold.LongestEnd);

        await Eventually.HoldsAsync(() =>
        {
            _time.Advance(ContentHold.LongestEnd);
            return wait.IsCompleted;
        });
    }
}
