using PooledClients.Connections.Dialing;

namespace PooledClients.Tests.Connections.Dialing;

public sealed class HandshakeQueueTests
{
    [Fact]
    public void Enter_ManyOfOneAddressUnderWay_KeepsNoOtherAddressWaiting()
    {
        var queue = new HandshakeQueue(turns: 4, underWay: 2);
        QueuedHandshake[] silent = [.. Enumerable.Range(0, 100).Select(_ => queue.Enter("silent"))];

        Assert.Equal(2, silent.Count(static handshake => handshake.Begun.IsCompleted));
        Assert.True(queue.Enter("healthy").Begun.IsCompleted);

        silent[0].Dispose();
        Assert.Equal(3, silent.Count(static handshake => handshake.Begun.IsCompleted));
    }

    [Fact]
    public void TakeTurn_OneAddressAsksForAll_HasHalfOfThem()
    {
        var queue = new HandshakeQueue(turns: 4, underWay: 100);
        QueuedHandshake[] greedy = [.. Enumerable.Range(0, 10).Select(_ => queue.Enter("greedy"))];

        Assert.Equal(2, greedy.Count(static handshake => handshake.TakeTurn() is null));
        Assert.Null(queue.Enter("other").TakeTurn());
        Assert.Null(queue.Enter("third").TakeTurn());
        Assert.NotNull(queue.Enter("fourth").TakeTurn());
    }

    [Fact]
    public void EndTurn_SeveralAddressesWait_GoesRoundThem()
    {
        var queue = new HandshakeQueue(turns: 2, underWay: 100);
        var busy = queue.Enter("a");
        var held = queue.Enter("x");
        Assert.Null(busy.TakeTurn());
        Assert.Null(held.TakeTurn());
        (string Name, QueuedHandshake Handshake)[] waiting =
        [
            .. Enumerable.Range(0, 4).Select(_ => ("a", queue.Enter("a"))), ("b", queue.Enter("b")), ("c", queue.Enter("c")),
        ];
        var turns = waiting.Select(each => (each.Name, each.Handshake, Turn: each.Handshake.TakeTurn()!)).ToList();
        var order = string.Empty;

        for (var last = busy; turns.Count > 0;)
        {
            last.EndTurn();
            var next = turns.Single(static each => each.Turn.IsCompleted);
            turns.Remove(next);
            order += next.Name;
            last = next.Handshake;
        }

        Assert.Equal("abcaaa", order);
    }

    [Fact]
    public void Leave_WhileItWaitsForATurn_PassesTheTurnOn()
    {
        var queue = new HandshakeQueue(turns: 1, underWay: 100);
        var first = queue.Enter("a");
        var gone = queue.Enter("a");
        var next = queue.Enter("a");
        Assert.Null(first.TakeTurn());
        var goneTurn = gone.TakeTurn()!;
        var nextTurn = next.TakeTurn()!;

        gone.Dispose();
        Assert.True(goneTurn.IsCompleted);
        Assert.False(nextTurn.IsCompleted);
        first.Dispose();

        Assert.True(nextTurn.IsCompleted);
    }

    [Fact]
    public async Task Queue_UnderRandomUse_LosesNoTurnAndNoPlace()
    {
        const int turns = 3, underWay = 4;
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var queue = new HandshakeQueue(turns, underWay);
        var working = 0;
        var most = 0;

        await Task.WhenAll(Enumerable.Range(0, 64).Select(number => Task.Run(async () =>
        {
            var random = new Random(seed + number);
            for (var i = 0; i < 200; i++)
            {
                using var handshake = queue.Enter($"address {random.Next(5)}");
                if (random.Next(10) == 0)
                {
                    continue;
                }

                await handshake.Begun;
                for (var flights = random.Next(4); flights > 0; flights--)
                {
                    if (handshake.TakeTurn() is { } turn)
                    {
                        await turn;
                    }

                    InterlockedMax(ref most, Interlocked.Increment(ref working));
                    await Task.Yield();
                    Interlocked.Decrement(ref working);
                    if (random.Next(10) > 0)
                    {
                        handshake.EndTurn();
                    }
                }
            }
        })));

        Assert.InRange(most, 1, turns);
        QueuedHandshake[] after = [.. Enumerable.Range(0, turns).Select(number => queue.Enter($"address {number}"))];
        Assert.All(after, static handshake => Assert.True(handshake.Begun.IsCompleted));
        Assert.All(after, static handshake => Assert.Null(handshake.TakeTurn()));
        QueuedHandshake[] same = [.. Enumerable.Range(0, underWay + 1).Select(_ => queue.Enter("one address"))];
        Assert.Equal(underWay, same.Count(static handshake => handshake.Begun.IsCompleted));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
