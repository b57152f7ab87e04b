using System.Runtime.CompilerServices;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Budget.Leases;

namespace PooledClients.Tests.Connections;

public sealed class LeaseAccountingTests
{
    private const int Connects = 100_000;

    [Fact]
    public async Task Leases_After100000ConnectsFailuresCancellationsAndCollections_AreAllBack()
    {
        using var fixture = new GateFixture(budget: 24);
        var addresses = Enumerable.Range(0, 7).Select(i => fixture.Gate.CreateAddress($"a{i}", 5)).ToArray();
        var left = Connects;

        await Task.WhenAll(Enumerable.Range(0, 64).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await ConnectAsync(addresses[random.Next(addresses.Length)], random);
            }
        })));

        // The stacks of the workers may still hold a lease that was lost: this continuation runs on top of the last one's.
        for (var i = 0; i < 1000 && fixture.InUse > 0; i++)
        {
            await Task.Factory.StartNew(CollectLeases, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        var state = fixture.Gate.Capture();
        Assert.Equal(0, state.InUse);
        Assert.Empty(state.Addresses);

        // Not only the count: every place can be taken again.
        for (var i = 0; i < 24; i++)
        {
            await GateFixture.Now(addresses[i % addresses.Length].AcquireAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Cancellation_RacingAGrant_EitherCancelsOrGrants()
    {
        using var fixture = new GateFixture(budget: 1);
        var address = fixture.Gate.CreateAddress("a", 1);
        for (var round = 0; round < 5_000; round++)
        {
            var held = await GateFixture.Now(address.AcquireAsync(CancellationToken.None));
            using var cancellation = new CancellationTokenSource();
            var wait = address.AcquireAsync(cancellation.Token).AsTask();

            Parallel.Invoke(held.Dispose, cancellation.Cancel);

            try
            {
                (await wait).Dispose();
            }
            catch (OperationCanceledException)
            {
            }

            Assert.Empty(fixture.Gate.Capture().Addresses);
        }
    }

    private static async Task ConnectAsync(GateAddress address, Random random)
    {
        using var cancellation = new CancellationTokenSource();
        var acquiring = address.AcquireAsync(cancellation.Token);
        var fate = random.Next(1_000);
        try
        {
            if (fate < 250)
            {
                _ = Task.Run(cancellation.Cancel, CancellationToken.None);
            }

            var lease = await acquiring;
            if (fate % 2 == 0)
            {
                lease.MarkOpened();
            }

            if (fate == 999)
            {
                // A stream nobody disposed: only a collection brings its lease back.
                Lose(ref lease);
                CollectLeases();
                return;
            }

            if (fate % 3 == 0)
            {
                await Task.Yield();
            }

            lease.Dispose();
            lease.Dispose();
        }
        catch (OperationCanceledException)
        {
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Lose(ref ConnectionLease lease) => lease = null!;

    private static void CollectLeases()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
