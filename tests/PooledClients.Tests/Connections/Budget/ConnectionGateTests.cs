using PooledClients.Connections.Budget;
using PooledClients.Connections.Budget.Leases;
using static PooledClients.Tests.Connections.GateFixture;

namespace PooledClients.Tests.Connections.Budget;

public sealed class ConnectionGateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AcquireAsync_WithinBudgetAndCap_CompletesAtOnce()
    {
        using var fixture = new GateFixture(budget: 2);
        var address = fixture.Gate.CreateAddress("a", 2);

        using var first = await Now(address.AcquireAsync(Token));
        using var second = await Now(address.AcquireAsync(Token));

        Assert.Equal(2, fixture.InUse);
    }

    [Fact]
    public async Task AcquireAsync_OverTheAddressCap_WaitsWithoutHoldingUpOthers()
    {
        using var fixture = new GateFixture(budget: 10);
        var capped = fixture.Gate.CreateAddress("capped", 1);
        var other = fixture.Gate.CreateAddress("other", 1);
        var held = await Now(capped.AcquireAsync(Token));

        var waiting = capped.AcquireAsync(Token).AsTask();
        Assert.False(waiting.IsCompleted);
        using var free = await Now(other.AcquireAsync(Token));

        held.Dispose();
        using var granted = await waiting;
        Assert.Equal(2, fixture.InUse);
    }

    [Fact]
    public async Task TryAcquire_ThereIsRoomThatNobodyWaitsFor_TakesItAndGivesItBack()
    {
        using var fixture = new GateFixture(budget: 2);
        var address = fixture.Gate.CreateAddress("a", 1);

        var lease = address.TryAcquire();

        Assert.NotNull(lease);
        Assert.Null(address.TryAcquire());
        var waiting = address.AcquireAsync(Token).AsTask();
        lease.Dispose();
        (await waiting).Dispose();
        Assert.Equal(0, fixture.InUse);
    }

    [Fact]
    public async Task TryAcquire_BudgetIsFullOrOthersWait_IsNone()
    {
        using var fixture = new GateFixture(budget: 1);
        var ahead = fixture.Gate.CreateAddress("ahead", 1);
        var held = await Now(fixture.Gate.CreateAddress("held", 1).AcquireAsync(Token));
        Assert.Null(ahead.TryAcquire());

        var waiting = fixture.Gate.CreateAddress("waiting", 1).AcquireAsync(Token).AsTask();
        held.Dispose();
        Assert.Null(ahead.TryAcquire());

        (await waiting).Dispose();
        using var lease = ahead.TryAcquire();
        Assert.NotNull(lease);
        Assert.Equal(0, fixture.Gate.Capture().Addresses.Sum(static address => address.Waiting));
    }

    [Fact]
    public async Task Capture_ConnectsThatWait_TellsTheBudgetFromTheAddressesOwnCap()
    {
        using var fixture = new GateFixture(budget: 2);
        var drained = fixture.Gate.CreateAddress("drained", 1);
        var capped = fixture.Gate.CreateAddress("capped", 1);
        var draining = await Now(drained.AcquireAsync(Token));
        var held = await Now(capped.AcquireAsync(Token));
        draining.Drain();

        Task<ConnectionLease>[] waiting = [drained.AcquireAsync(Token).AsTask(), capped.AcquireAsync(Token).AsTask()];

        Assert.Equal([("capped", false), ("drained", true)], fixture.Gate.Capture().Addresses.Select(static address => (address.Address, address.WaitsForBudget)).Order());
        draining.Dispose();
        held.Dispose();
        Array.ForEach(await Task.WhenAll(waiting), static lease => lease.Dispose());
    }

    [Fact]
    public void TryAcquire_AboveTheHighWaterMark_IsNone()
    {
        using var fixture = new GateFixture(budget: 100, new FakeDescriptorMeter { Open = 1000, Limit = 1024 });

        Assert.Null(fixture.Gate.CreateAddress("a", 1).TryAcquire());
    }

    [Fact]
    public async Task AcquireAsync_WithinOneAddress_ServesFirstComeFirst()
    {
        using var fixture = new GateFixture(budget: 1);
        var address = fixture.Gate.CreateAddress("a", 5);
        var held = await Now(address.AcquireAsync(Token));
        var waits = Enumerable.Range(0, 4).Select(_ => address.AcquireAsync(Token).AsTask()).ToArray();

        foreach (var wait in waits)
        {
            Assert.DoesNotContain(waits.SkipWhile(w => w != wait), w => w.IsCompleted);
            held.Dispose();
            held = await wait;
        }

        held.Dispose();
        Assert.Equal(0, fixture.InUse);
    }

    [Fact]
    public async Task AcquireAsync_BetweenAddresses_TakesTurns()
    {
        using var fixture = new GateFixture(budget: 1);
        var greedy = fixture.Gate.CreateAddress("greedy", 10);
        var modest = fixture.Gate.CreateAddress("modest", 10);
        var held = await Now(greedy.AcquireAsync(Token));
        var order = new List<string>();
        var waits = new List<(string Name, Task<ConnectionLease> Wait)>();
        for (var i = 0; i < 5; i++)
        {
            waits.Add(("greedy", greedy.AcquireAsync(Token).AsTask()));
        }

        waits.Add(("modest", modest.AcquireAsync(Token).AsTask()));
        waits.Add(("modest", modest.AcquireAsync(Token).AsTask()));

        while (waits.Count > 0)
        {
            held.Dispose();
            var served = await Task.WhenAny(waits.Select(w => w.Wait));
            var next = Assert.Single(waits, w => w.Wait == served);
            waits.Remove(next);
            order.Add(next.Name);
            held = await next.Wait;
        }

        held.Dispose();
        Assert.Equal(["greedy", "modest", "greedy", "modest", "greedy", "greedy", "greedy"], order);
    }

    [Fact]
    public async Task AcquireAsync_ForANewGeneration_IsNotHeldUpByTheRetiredOnesCap()
    {
        using var fixture = new GateFixture(budget: 10);
        var retired = fixture.Gate.CreateAddress("a", 1);
        using var old = await Now(retired.AcquireAsync(Token));

        var current = fixture.Gate.CreateAddress("a", 1);
        using var lease = await Now(current.AcquireAsync(Token));

        var holder = Assert.Single(fixture.Gate.Capture().Holders);
        Assert.Equal(("a", 2), (holder.Address, holder.Connections));
    }

    [Fact]
    public async Task AcquireAsync_WhenTheWaitIsCancelled_LeavesNoTrace()
    {
        using var fixture = new GateFixture(budget: 1);
        var address = fixture.Gate.CreateAddress("a", 5);
        var held = await Now(address.AcquireAsync(Token));
        using var cancellation = new CancellationTokenSource();
        var cancelled = address.AcquireAsync(cancellation.Token).AsTask();
        var next = address.AcquireAsync(Token).AsTask();

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(1, Assert.Single(fixture.Gate.Capture().Addresses).Waiting);

        held.Dispose();
        (await next).Dispose();
        Assert.Empty(fixture.Gate.Capture().Addresses);
    }

    [Fact]
    public async Task AcquireAsync_WhenTheTokenIsCancelledAlready_TakesNothing()
    {
        using var fixture = new GateFixture(budget: 1);
        var address = fixture.Gate.CreateAddress("a", 1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => address.AcquireAsync(new CancellationToken(canceled: true)).AsTask());

        Assert.Empty(fixture.Gate.Capture().Addresses);
    }

    [Fact]
    public async Task Dispose_WithConnectsWaiting_FailsThem()
    {
        using var fixture = new GateFixture(budget: 1);
        var address = fixture.Gate.CreateAddress("a", 5);
        var held = await Now(address.AcquireAsync(Token));
        var waiting = address.AcquireAsync(Token).AsTask();

        fixture.Gate.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        held.Dispose();
        Assert.Equal(0, fixture.InUse);
    }

    [Fact]
    public async Task Dispose_OfALeaseManyTimesAtOnce_ReturnsItOnce()
    {
        using var fixture = new GateFixture(budget: 8);
        var address = fixture.Gate.CreateAddress("a", 8);
        for (var round = 0; round < 2_000; round++)
        {
            var lease = await Now(address.AcquireAsync(Token));
            Parallel.Invoke(lease.Dispose, lease.MarkOpened, lease.Dispose);
            Assert.Equal(0, fixture.InUse);
        }
    }

    [Fact]
    public async Task Explain_WhileTheBudgetIsSpent_SaysWhoHoldsWhat()
    {
        using var fixture = new GateFixture(budget: 3, new FakeDescriptorMeter { Open = 200, Limit = 1024 });
        var large = fixture.Gate.CreateAddress("https://large:1", 5);
        var small = fixture.Gate.CreateAddress("https://small:1", 5);
        using var one = await Now(large.AcquireAsync(Token));
        using var two = await Now(large.AcquireAsync(Token));
        using var three = await Now(small.AcquireAsync(Token));
        using var cancellation = new CancellationTokenSource();
        var starved = fixture.Gate.CreateAddress("https://starved:1", 5);
        Assert.Null(starved.Explain());
        var wait = starved.AcquireAsync(cancellation.Token).AsTask();

        var exception = starved.Explain();

        Assert.NotNull(exception);
        Assert.Equal(("https://starved:1", 3, 3, 200, 1024), (exception.Address, exception.Connections, exception.Budget, exception.OpenDescriptors, exception.DescriptorLimit));
        Assert.Contains("all 3 connections of the pooled clients' budget are in use", exception.Message, StringComparison.Ordinal);
        Assert.Contains("200 of its 1024 descriptors", exception.Message, StringComparison.Ordinal);
        Assert.Contains("https://large:1 2, https://small:1 1", exception.Message, StringComparison.Ordinal);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task Explain_WhileOthersHoldTheDescriptors_BlamesNoPooledClient()
    {
        using var fixture = new GateFixture(budget: 500, new FakeDescriptorMeter { Open = 1000, Limit = 1024 });
        var address = fixture.Gate.CreateAddress("https://a:1", 5);
        using var cancellation = new CancellationTokenSource();
        var wait = address.AcquireAsync(cancellation.Token).AsTask();

        var exception = address.Explain();

        Assert.Contains("of which the pooled clients have 0 (budget 500), held by no pooled client", exception?.Message, StringComparison.Ordinal);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task Explain_WhileOnlyTheAddressCapIsReached_SaysNothing()
    {
        using var fixture = new GateFixture(budget: 10);
        var address = fixture.Gate.CreateAddress("a", 1);
        var held = await Now(address.AcquireAsync(Token));
        var wait = address.AcquireAsync(Token).AsTask();

        Assert.Null(address.Explain());

        held.Dispose();
        (await wait).Dispose();
    }
}
