using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;
using PooledClients.TestBed.Processes;

namespace PooledClients.IntegrationTests.Connections;

public class DescriptorGuardianTests
{
    private const int Limit = 400;

    [Fact]
    public async Task Watch_WhenOthersTakeEverything_ReleasesTheReserveAndTakesItBack() =>
        (await ChildProcess.RunAsync(LiveThroughATheft, Limit)).AssertSucceeded();

    [Fact]
    public async Task Watch_WithoutAReserve_LeavesTheRuntimeWithoutThreads()
    {
        var child = await ChildProcess.RunAsync(DieOfATheft, Limit);

        Assert.NotEqual(0, child.ExitCode);
        // With a stack trace, where the runtime still has the means to make one.
        Assert.Matches("System\\.Threading\\.Thread\\.Start|Out of memory", child.Error);
    }

    private static Task LiveThroughATheft(string[] args) => EndureTheftAsync(reserve: 16);

    private static Task DieOfATheft(string[] args) => EndureTheftAsync(reserve: 0);

    private static async Task EndureTheftAsync(int reserve)
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var logs = new FakeLogCollector();
        var options = new PooledClientsOptions();
        options.Descriptors.Reserve = reserve;
        var metrics = new PooledClientsMetrics(services.GetRequiredService<IMeterFactory>());
        var meter = DescriptorMeters.Create(TimeProvider.System);
        var logger = new FakeLogger<ConnectionGate>(logs);
        logger.DescriptorsRecovered(1, 1); // A logger, too, has to be loaded before the limit is met.
        logs.Clear();
        using var guardian = new DescriptorGuardian(meter, Options.Create(options), NullLogger<DescriptorGuardian>.Instance);
        using var gate = new ConnectionGate(Options.Create(options), meter, TimeProvider.System, metrics, guardian, logger: logger);
        var address = gate.CreateAddress("https://held:1", 1);
        using var held = await address.AcquireAsync(CancellationToken.None);
        Assert.Equal(reserve, guardian.Held);
        RunThreads(1);

        using var thief = new DescriptorThief();
        thief.TakeAll();
        while (!SpinWait.SpinUntil(() => guardian.Held == 0, TimeSpan.FromSeconds(1)))
        {
            // The guardian's own probe may have held the last one at that moment.
            thief.TakeAll();
        }

        RunThreads(8);
        var waiting = gate.CreateAddress("https://waiting:1", 1).AcquireAsync(CancellationToken.None).AsTask();
        Assert.False(waiting.IsCompleted);
        thief.Dispose();
        using var granted = await waiting;
        Until(() => guardian.Held == reserve);

        // Each is said on a thread of the pool, the second perhaps before the first.
        Until(() => logs.GetSnapshot().Any(record => record.Id.Id == 402) && logs.GetSnapshot().Any(record => record.Id.Id == 401));

        var exhausted = Assert.Single(logs.GetSnapshot(), record => record.Id.Id == 401);
        Assert.Contains($"{reserve} held in reserve were released", exhausted.Message, StringComparison.Ordinal);
        Assert.Contains("https://held:1 1", exhausted.Message, StringComparison.Ordinal);
    }

    // Each new thread needs descriptors of its own: without them the runtime aborts.
    private static void RunThreads(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var thread = new Thread(() => Thread.Yield());
            thread.Start();
            thread.Join();
        }
    }

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)), "It did not come true.");
}
