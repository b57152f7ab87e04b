using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Dialing;

namespace PooledClients.Tests.Connections.Dialing;

public sealed class ConnectAttemptTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BeginHandshake_WhileTheAddressHasItsLimit_WaitsOutsideTheConnectTimeout()
    {
        var handshakes = new HandshakeQueue(turns: 2, underWay: 1);
        var first = await BeginAsync(handshakes);
        using var second = Attempt();
        _time.Advance(TimeSpan.FromSeconds(1));

        var waiting = second.BeginHandshakeAsync(handshakes, takesTurns: true, trial: null, Ended);
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
    public async Task TakeTurn_WhileOthersHaveTheTurns_WaitsOutsideTheConnectTimeout()
    {
        var handshakes = new HandshakeQueue(turns: 1, underWay: 10);
        using var first = await BeginAsync(handshakes);
        using var second = await BeginAsync(handshakes);
        await first.TakeTurnAsync(Ended);
        _time.Advance(TimeSpan.FromSeconds(1));

        // Twice, for what is paused has to go on where it was.
        for (var i = 0; i < 2; i++)
        {
            var waiting = second.TakeTurnAsync(Ended).AsTask();
            Assert.False(waiting.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(60));
            Assert.False(second.HasTimedOut);
            first.EndTurn();
            await waiting;
            second.EndTurn();
            _time.Advance(TimeSpan.FromSeconds(1));
            await first.TakeTurnAsync(Ended);
        }

        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(second.HasTimedOut);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(second.HasTimedOut);
    }

    [Fact]
    public async Task TakeTurn_OfAHandshakeThatAsksForRevocation_NeverWaits()
    {
        var handshakes = new HandshakeQueue(turns: 1, underWay: 10);
        using var first = await BeginAsync(handshakes);
        await first.TakeTurnAsync(Ended);
        using var second = Attempt();
        await second.BeginHandshakeAsync(handshakes, takesTurns: false, trial: null, Ended);

        var turn = second.TakeTurnAsync(Ended).AsTask();
        Assert.True(turn.IsCompletedSuccessfully);
        await turn;
    }

    [Fact]
    public async Task BeginHandshake_WhenNoCallWaitsAnyMore_TakesNoPlace()
    {
        var handshakes = new HandshakeQueue(turns: 1, underWay: 1);
        var first = await BeginAsync(handshakes);
        using var cancellation = new CancellationTokenSource();
        var attempt = Attempt();
        var waiting = attempt.BeginHandshakeAsync(handshakes, takesTurns: true, trial: null, cancellation.Token);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        attempt.Dispose();
        attempt.Dispose();
        first.Dispose();

        using var next = await BeginAsync(handshakes);
        using var last = Attempt();
        Assert.False(last.BeginHandshakeAsync(handshakes, takesTurns: true, trial: null, Ended).IsCompleted);
    }

    private async Task<ConnectAttempt> BeginAsync(HandshakeQueue handshakes)
    {
        var attempt = Attempt();
        var begun = attempt.BeginHandshakeAsync(handshakes, takesTurns: true, trial: null, Ended);
        Assert.True(begun.IsCompletedSuccessfully);
        await begun;
        return attempt;
    }

    private ConnectAttempt Attempt() => new("https://a:1", TimeSpan.FromSeconds(5), _time);
}
