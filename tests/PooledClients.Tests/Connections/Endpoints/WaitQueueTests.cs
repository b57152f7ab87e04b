using PooledClients.Connections.Endpoints;

namespace PooledClients.Tests.Connections.Endpoints;

public sealed class WaitQueueTests
{
    private readonly WaitQueue<int> _queue = new();

    [Fact]
    public async Task GrantFirst_Some_ServesThemInOrder()
    {
        var (first, second) = (_queue.Append(), _queue.Append());

        _queue.GrantFirst(7);

        Assert.Equal(7, await first.Task);
        Assert.False(second.Task.IsCompleted);
        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public async Task Remove_AfterAGrant_TellsThatItCameFirst()
    {
        var (left, granted) = (_queue.Append(), _queue.Append());

        Assert.True(_queue.Remove(left));
        Assert.False(_queue.Remove(left));
        _queue.GrantFirst(1);

        Assert.False(_queue.Remove(granted));
        Assert.Equal(1, await granted.Task);
        Assert.False(left.Task.IsCompleted);
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task EndAll_Some_EndsEach()
    {
        var waiters = Enumerable.Range(0, 3).Select(_ => _queue.Append()).ToArray();

        _queue.EndAll(-1);

        var ends = await Task.WhenAll(waiters.Select(static waiter => waiter.Task));
        Assert.Equal([-1, -1, -1], ends);
        Assert.Equal(0, _queue.Count);
    }
}
