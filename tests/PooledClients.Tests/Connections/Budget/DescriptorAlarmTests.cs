using Microsoft.Extensions.Logging.Testing;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Descriptors;

namespace PooledClients.Tests.Connections.Budget;

public sealed class DescriptorAlarmTests : IDisposable
{
    private readonly GateFixture _fixture = new();
    private readonly FakeLogger _logger = new();
    private readonly DescriptorAlarm _alarm;

    public DescriptorAlarmTests() => _alarm = new DescriptorAlarm(_fixture.Gate.Capture, _fixture.Metrics, _logger);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Look_Above80Percent_SaysSoOnceACrossingWithTheHolders()
    {
        using var held = await GateFixture.Now(_fixture.Gate.CreateAddress("https://held:1", 1).AcquireAsync(TestContext.Current.CancellationToken));

        Look(799, 800, 900, 790, 810);
        Said(400);
        Assert.Contains("https://held:1 1", _logger.LatestRecord.Message, StringComparison.Ordinal);
        Look(749);
        Said(400, 402);
        Look(850);
        Said(400, 402, 400);
    }

    [Fact]
    public void Look_WhenTheReserveWasReleased_SaysSoOnce()
    {
        Look(850);
        Said(400);
        _alarm.Look(new DescriptorReading(984, 1000, 1), released: 16);
        _alarm.Look(new DescriptorReading(984, 1000, 2), released: 0);
        Look(1000, 900);
        Said(400, 401);
        Assert.Contains("16 held in reserve were released", _logger.LatestRecord.Message, StringComparison.Ordinal);
        Look(100);
        Said(400, 401, 402);
    }

    [Fact]
    public void Look_WithoutALimit_SaysNothing()
    {
        _alarm.Look(new DescriptorReading(100_000, null, 1), released: null);

        Said();
    }

    private void Look(params int[] open)
    {
        foreach (var count in open)
        {
            _alarm.Look(new DescriptorReading(count, 1000, count), released: null);
        }
    }

    // It is said on the thread pool.
    private void Said(params int[] ids)
    {
        Assert.True(SpinWait.SpinUntil(() => _logger.Collector.Count >= ids.Length, TimeSpan.FromSeconds(30)));
        Assert.Equal(ids, _logger.Collector.GetSnapshot().Select(record => record.Id.Id));
    }
}
