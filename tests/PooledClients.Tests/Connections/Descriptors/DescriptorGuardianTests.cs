using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Descriptors;

namespace PooledClients.Tests.Connections.Descriptors;

public sealed class DescriptorGuardianTests
{
    // A pool that is closed for others says so, and its logger may block.
    [Fact]
    public async Task Watch_ALookThatWasHandedOnBlocks_GoesOn()
    {
        using var fixture = new GateFixture(budget: 1);
        var meter = new FakeDescriptorMeter();
        var options = new PooledClientsOptions();
        options.Descriptors.MaxConnections = 1;
        var guardian = new DescriptorGuardian(meter, Options.Create(options), NullLogger<DescriptorGuardian>.Instance);
        using var gate = new ConnectionGate(Options.Create(options), meter, fixture.Time, fixture.Metrics, guardian);
        using var held = await GateFixture.Now(gate.CreateAddress("https://held:1", 1).AcquireAsync(TestContext.Current.CancellationToken));
        using var pool = new BlockingPool();
        gate.AddReclaimable(pool);
        using var stop = new CancellationTokenSource();
        var waiting = gate.CreateAddress("https://waits:1", 1).AcquireAsync(stop.Token).AsTask();

        // Not before, so that it is the watch that has it closed.
        pool.Connections = 1;
        Assert.True(await Task.Run(() => pool.Entered.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), TestContext.Current.CancellationToken), "Nothing was reclaimed.");
        var isStopped = await Task.Run(guardian.Dispose, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken).ContinueWith(
            static disposed => disposed.IsCompletedSuccessfully, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);

        pool.Release.Set();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.True(isStopped, "The watching thread was kept by a pool that blocks.");
    }

    private sealed class BlockingPool : IReclaimable, IDisposable
    {
        public ManualResetEventSlim Entered { get; } = new();

        public ManualResetEventSlim Release { get; } = new();

        public string Address => "https://held:1";

        public int Connections { get; set; }

        public long LastUsed => 0;

        public int Reclaim()
        {
            Entered.Set();
            Release.Wait(TimeSpan.FromSeconds(60));
            return 0;
        }

        public void Dispose()
        {
            Entered.Dispose();
            Release.Dispose();
        }
    }
}
