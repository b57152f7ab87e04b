using System.Diagnostics;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The process has other work on its thread pool, which says nothing of how many calls are right.</summary>
internal sealed class OtherWork() : GrpcScenario("other-work", "1,000 callers beside 60 work items that block the thread pool for 2 ms each: calls a second, of the second half")
{
    private const int Items = 60;
    private const int BlockedMs = 2;

    protected override int Callers => 1000;

    public override IReadOnlyList<Contender> Contenders { get; } = [GrpcContender.SharedChannel, GrpcContender.Pooled, GrpcContender.PooledWithoutLimit];

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        var isOver = false;
        for (var item = 0; item < Items; item++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => work(), Block, preferLocal: false);
        }

        var began = Stopwatch.GetTimestamp();
        await load.RunCallersAsync((_, cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        isOver = true;
        var half = (long)(load.Duration.TotalSeconds / 2 * Stopwatch.Frequency);
        return new { CallsASecond = Math.Round(load.Meter.Timeline.SuccessesBetween(began + half, began + (2 * half)) / (load.Duration / 2).TotalSeconds) };

        void Block()
        {
            Thread.Sleep(BlockedMs);
            if (!Volatile.Read(ref isOver))
            {
                ThreadPool.UnsafeQueueUserWorkItem(static work => work(), Block, preferLocal: false);
            }
        }
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(20, 10);
}
