using static PooledClients.Tests.Connections.GateFixture;

namespace PooledClients.Tests.Connections.Budget;

public sealed class PoolReclaimerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AcquireAsync_OverTheBudget_ReclaimsTheLeastRecentlyUsedIdlePoolFirst()
    {
        using var fixture = new GateFixture(budget: 3);
        var recent = await PoolAsync(fixture, "recent", lastUsed: 30);
        var old = await PoolAsync(fixture, "old", lastUsed: 10);
        var oldest = await PoolAsync(fixture, "oldest", lastUsed: 1, busy: true);

        using var lease = await fixture.Gate.CreateAddress("new", 1).AcquireAsync(Token);

        Assert.Equal((0, 1, 0), (recent.Reclaims, old.Reclaims, oldest.Reclaims));
        Assert.Equal(3, fixture.InUse);
    }

    [Fact]
    public async Task AcquireAsync_OverTheAddressCapOnly_ReclaimsNobody()
    {
        using var fixture = new GateFixture(budget: 10);
        var idle = await PoolAsync(fixture, "idle", lastUsed: 1);
        var address = fixture.Gate.CreateAddress("a", 1);
        var held = await Now(address.AcquireAsync(Token));

        var wait = address.AcquireAsync(Token).AsTask();

        Assert.Equal(0, idle.Reclaims);
        held.Dispose();
        (await wait).Dispose();
    }

    [Fact]
    public async Task NotifyIdle_WhileOthersWait_ReclaimsThePoolThatBecameIdle()
    {
        using var fixture = new GateFixture(budget: 1);
        var pool = await PoolAsync(fixture, "busy", lastUsed: 1, busy: true);
        var wait = fixture.Gate.CreateAddress("new", 1).AcquireAsync(Token).AsTask();
        Assert.False(wait.IsCompleted);

        pool.Busy = false;
        fixture.Gate.NotifyIdle(pool);

        (await wait).Dispose();
        Assert.Equal(1, pool.Reclaims);
    }

    [Fact]
    public async Task NotifyIdle_WhileNobodyWaits_KeepsThePool()
    {
        using var fixture = new GateFixture(budget: 1);
        var pool = await PoolAsync(fixture, "idle", lastUsed: 1);

        fixture.Gate.NotifyIdle(pool);

        Assert.Equal(0, pool.Reclaims);
    }

    [Fact]
    public async Task RemoveReclaimable_OfAPool_LeavesItAlone()
    {
        using var fixture = new GateFixture(budget: 1);
        var pool = await PoolAsync(fixture, "removed", lastUsed: 1);
        fixture.Gate.RemoveReclaimable(pool);

        var wait = fixture.Gate.CreateAddress("new", 1).AcquireAsync(Token).AsTask();

        Assert.Equal(0, pool.Reclaims);
        pool.Reclaim();
        (await wait).Dispose();
    }

    [Fact]
    public async Task Observe_AboveTheHighWaterMark_GivesBackConnectionsThatAreIdleForAWhile()
    {
        using var fixture = new GateFixture(budget: 100, new FakeDescriptorMeter { Open = 100, Limit = 1024 });
        var idle = await PoolAsync(fixture, "idle", fixture.Time.GetTimestamp());
        var busy = await PoolAsync(fixture, "busy", fixture.Time.GetTimestamp(), busy: true);
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        var betweenTwoCalls = await PoolAsync(fixture, "between two calls", fixture.Time.GetTimestamp());

        fixture.Meter.Open = 1000;
        fixture.Gate.Observe();

        Assert.Equal((1, 0, 0), (idle.Reclaims, busy.Reclaims, betweenTwoCalls.Reclaims));
    }

    [Fact]
    public async Task AcquireAsync_AboveTheHighWaterMark_WaitsUntilThereIsRoom()
    {
        using var fixture = new GateFixture(budget: 100, new FakeDescriptorMeter { Open = 960, Limit = 1024 });
        var address = fixture.Gate.CreateAddress("a", 1);
        var wait = address.AcquireAsync(Token).AsTask();
        Assert.False(wait.IsCompleted);

        fixture.Meter.Open = 500;
        fixture.Gate.Observe();

        (await wait).Dispose();
    }

    [Fact]
    public async Task AcquireAsync_InABurstBelowTheHighWaterMark_CountsSocketsStillToCome()
    {
        using var fixture = new GateFixture(budget: 100, new FakeDescriptorMeter { Open = 957, Limit = 1024 });
        var address = fixture.Gate.CreateAddress("a", 10);
        var granted = new[] { await Now(address.AcquireAsync(Token)), await Now(address.AcquireAsync(Token)), await Now(address.AcquireAsync(Token)) };

        var wait = address.AcquireAsync(Token).AsTask();
        Assert.False(wait.IsCompleted);

        // One socket opened and another closed change nothing; one that is gone makes room.
        granted[0].MarkOpened();
        fixture.Meter.Open = 958;
        fixture.Gate.Observe();
        Assert.False(wait.IsCompleted);
        granted[1].Dispose();
        (await wait).Dispose();
        Array.ForEach(granted, lease => lease.Dispose());
        Assert.Equal(0, fixture.InUse);
    }

    private static async Task<FakePool> PoolAsync(GateFixture fixture, string address, long lastUsed, bool busy = false)
    {
        var lease = await Now(fixture.Gate.CreateAddress(address, 1).AcquireAsync(Token));
        lease.MarkOpened();
        var pool = new FakePool(address, lease) { LastUsed = lastUsed, Busy = busy };
        fixture.Gate.AddReclaimable(pool);
        return pool;
    }
}
