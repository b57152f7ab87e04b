using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Wire;

namespace PooledClients.Tests.Connections.Endpoints;

public sealed class DestinationTests : IDisposable
{
    private readonly GateFixture _gate = new();
    private int _idle;

    public void Dispose() => _gate.Dispose();

    [Fact]
    public void TryBeginCall_Cold_LetsOneScoutGo()
    {
        var destination = Create();

        Assert.True(destination.TryBeginCall(new Call()));
        Assert.False(destination.TryBeginCall(new Call()));
    }

    [Fact]
    public async Task LearnStreamLimit_ConnectionReady_AdmitsThatManyAndOneScout()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        var waiting = Enumerable.Range(0, 20).Select(_ => destination.WaitForStreamAsync(new Call(), TestContext.Current.CancellationToken)).ToList();

        Connect(destination, streamLimit: 10);

        Assert.Equal(11, destination.InFlight);
        Assert.All(await Task.WhenAll(waiting.Take(10)), outcome => Assert.Equal(CallOutcome.Granted, outcome));
        Assert.Equal(10, destination.WaitingCalls);
    }

    [Fact]
    public void LearnStreamLimit_AtTheCap_AdmitsNoScout()
    {
        var destination = Create(cap: 1);
        Assert.True(destination.TryBeginCall(new Call()));
        Connect(destination, streamLimit: 3);

        Assert.True(destination.TryBeginCall(new Call()));
        Assert.True(destination.TryBeginCall(new Call()));
        Assert.False(destination.TryBeginCall(new Call()));
    }

    [Fact]
    public void LearnStreamLimit_ServerNamesNone_AdmitsAll()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        Connect(destination, streamLimit: int.MaxValue);

        for (var i = 0; i < 5_000; i++)
        {
            Assert.True(destination.TryBeginCall(new Call()));
        }
    }

    [Fact]
    public void StartDial_ConnectionsCarryTheCalls_WaitsUntilTheyDoNot()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        Connect(destination, streamLimit: 2);
        Assert.True(destination.TryBeginCall(new Call()));

        using var dial = destination.StartDial(null);
        Assert.False(dial.GoesAhead);

        Assert.True(destination.TryBeginCall(new Call()));
        Assert.True(dial.GoesAhead);
    }

    [Fact]
    public void EndCall_LastOne_AbandonsTheDialAndTellsIdle()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        using var dial = destination.StartDial(null);
        Assert.False(dial.Abandoned.IsCancellationRequested);

        destination.EndCall();

        Assert.True(dial.Abandoned.IsCancellationRequested);
        Assert.Equal(1, _idle);
    }

    [Fact]
    public async Task WaitForStream_Cancelled_LeavesNoTrace()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        using var cancel = new CancellationTokenSource();
        var waiting = destination.WaitForStreamAsync(new Call(), cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, destination.WaitingCalls);
        destination.EndCall();
        Assert.True(destination.TryBeginCall(new Call()));
    }

    [Fact]
    public async Task WaitForStream_CancelledWhileGranted_GivesTheStreamBack()
    {
        for (var round = 0; round < 500; round++)
        {
            var destination = Create();
            Assert.True(destination.TryBeginCall(new Call()));
            using var cancel = new CancellationTokenSource();
            var waiting = destination.WaitForStreamAsync(new Call(), cancel.Token);

            await Task.WhenAll(Task.Run(destination.EndCall, CancellationToken.None), Task.Run(cancel.Cancel, CancellationToken.None));
            try
            {
                Assert.Equal(CallOutcome.Granted, await waiting);
                destination.EndCall();
            }
            catch (OperationCanceledException)
            {
                // The other end of the race.
            }

            Assert.Equal(0, destination.InFlight);
            Assert.Equal(0, destination.WaitingCalls);
        }
    }

    [Fact]
    public async Task FailWaitingCalls_NoConnectionUp_EndsThemAll()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        var waiting = destination.WaitForStreamAsync(new Call(), TestContext.Current.CancellationToken);

        destination.FailWaitingCalls();

        Assert.Equal(CallOutcome.Failed, await waiting);
    }

    [Fact]
    public async Task Retire_CallsWait_MovesThem()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        var waiting = destination.WaitForStreamAsync(new Call(), TestContext.Current.CancellationToken);

        destination.Retire();

        Assert.Equal(CallOutcome.Moved, await waiting);
        Assert.Equal(CallOutcome.Moved, await destination.WaitForStreamAsync(new Call(), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Calls_FromManyThreads_NeverExceedTheCapacityAndEndAtZero()
    {
        var destination = Create(cap: 1);
        Assert.True(destination.TryBeginCall(new Call()));
        Connect(destination, streamLimit: 5);
        destination.EndCall();
        var most = 0;

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                if (!destination.TryBeginCall(new Call()))
                {
                    Assert.Equal(CallOutcome.Granted, await destination.WaitForStreamAsync(new Call(), TestContext.Current.CancellationToken));
                }

                InterlockedMax(ref most, destination.InFlight);
                await Task.Yield();
                destination.EndCall();
            }
        })));

        Assert.InRange(most, 1, 5);
        Assert.Equal(0, destination.InFlight);
        Assert.Equal(0, destination.WaitingCalls);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value && Interlocked.CompareExchange(ref target, value, seen) != seen; seen = Volatile.Read(ref target))
        {
        }
    }

    [Fact]
    public async Task WaitForNeed_CallStaysBehind_TakesTheConnectionForDraining()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        Connect(destination, streamLimit: 100);
        var behind = new Call();
        using var dial = destination.StartDial(behind);
        var waiting = destination.WaitForNeedAsync(dial, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);

        while (!waiting.IsCompleted)
        {
            _gate.Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        Assert.True(dial.GoesAhead);
        Assert.Equal(1, destination.Connections);
        Assert.Equal(1, destination.Up);
    }

    // The one that was followed last has been served when the connection stops taking calls.
    [Fact]
    public async Task WaitForNeed_CallsStayBehindAfterOneWasServed_TakesTheConnectionForDraining()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        Connect(destination, streamLimit: 100);
        var first = new Call();
        using var dial = destination.StartDial(first);
        var waiting = destination.WaitForNeedAsync(dial, TestContext.Current.CancellationToken);
        first.Take();
        _gate.Time.Advance(TimeSpan.FromMilliseconds(50));
        var served = new Call();
        Assert.True(destination.TryBeginCall(served));
        served.Take();
        Assert.True(destination.TryBeginCall(new Call()));
        Assert.Equal(1, destination.Connections);

        while (!waiting.IsCompleted)
        {
            _gate.Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        Assert.True(dial.GoesAhead);
    }

    [Fact]
    public async Task WaitForNeed_CallsAreTaken_DrainsNothing()
    {
        var destination = Create();
        Assert.True(destination.TryBeginCall(new Call()));
        Connect(destination, streamLimit: 100);
        var first = new Call();
        using var dial = destination.StartDial(first);
        var waiting = destination.WaitForNeedAsync(dial, TestContext.Current.CancellationToken);
        first.Take();

        for (var i = 0; i < 50; i++)
        {
            var call = new Call();
            Assert.True(destination.TryBeginCall(call));
            _gate.Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
            call.Take();
            destination.EndCall();
        }

        Assert.False(waiting.IsCompleted);
        Assert.Equal(1, destination.Connections);
    }

    [Fact]
    public void StartDial_ConnectionPastItsLifetime_GoesAheadAtOnce()
    {
        var destination = Create(cap: 1);
        destination.Lifetime = TimeSpan.FromMinutes(5);
        Assert.True(destination.TryBeginCall(new Call()));
        Connect(destination, streamLimit: 100);
        _gate.Time.Advance(TimeSpan.FromMinutes(5));

        using var dial = destination.StartDial(new Call());

        Assert.True(dial.GoesAhead);
    }

    private sealed class Call : IPendingCall
    {
        private Destination? _follower;

        public bool IsPending { get; private set; } = true;

        public void ReportTo(Destination destination) => _follower = destination;

        public void Take()
        {
            IsPending = false;
            _follower?.CallTaken();
            _follower = null;
        }
    }

    private void Connect(Destination destination, int streamLimit)
    {
        using var dial = destination.StartDial(null);
        Assert.True(dial.GoesAhead);
        var connection = new PooledConnection(destination, _gate.Time);
        destination.Add(connection);
        dial.Connected();
        destination.Established(connection);
        destination.LearnStreamLimit(connection, streamLimit);
    }

    private Destination Create(int cap = 10)
        => new("https://host", isMultiplexed: true, _gate.Gate.CreateAddress("https://host", cap), _gate.Time, () => _idle++);
}
