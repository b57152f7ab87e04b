using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Dialing;

namespace PooledClients.Tests.Connections.Dialing;

public sealed class ConnectAttemptTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task BeginHandshake_WhileOthersHaveThePlaces_WaitsOutsideTheConnectTimeout()
    {
        var handshakes = new HandshakeQueue(limit: 1);
        var first = Attempt();
        await first.BeginHandshakeAsync(handshakes, TestContext.Current.CancellationToken);
        using var second = Attempt();
        _time.Advance(TimeSpan.FromSeconds(1));

        var waiting = second.BeginHandshakeAsync(handshakes, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(waiting.IsCompleted);
        Assert.False(second.HasTimedOut);
        first.Dispose();
        await waiting;

        _time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.False(second.HasTimedOut);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(second.HasTimedOut);
    }

    [Fact]
    public async Task Dispose_ManyTimes_GivesThePlaceBackOnce()
    {
        var handshakes = new HandshakeQueue(limit: 1);
        var attempt = Attempt();
        await attempt.BeginHandshakeAsync(handshakes, TestContext.Current.CancellationToken);

        attempt.Dispose();
        attempt.Dispose();

        Assert.True(handshakes.TryEnter());
        Assert.False(handshakes.TryEnter());
    }

    [Fact]
    public async Task BeginHandshake_WhenNoCallWaitsAnyMore_TakesNoPlace()
    {
        var handshakes = new HandshakeQueue(limit: 1);
        Assert.True(handshakes.TryEnter());
        using var cancellation = new CancellationTokenSource();
        var attempt = Attempt();
        var waiting = attempt.BeginHandshakeAsync(handshakes, cancellation.Token);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        attempt.Dispose();
        handshakes.Exit();

        Assert.True(handshakes.TryEnter());
        Assert.False(handshakes.TryEnter());
    }

    private ConnectAttempt Attempt() => new("https://a:1", TimeSpan.FromSeconds(5), _time);
}
