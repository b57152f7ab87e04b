using PooledClients.Connections.Descriptors;
using PooledClients.TestBed.Processes;

namespace PooledClients.IntegrationTests.Connections;

public class DescriptorMeterTests
{
    private const int Limit = 300;

    [Fact]
    public async Task Read_InAProcessWithALimit_CountsExactlyAndAtTheLimitToo() =>
        (await ChildProcess.RunAsync(CountToTheLimit, Limit)).AssertSucceeded();

    [Fact]
    public async Task Read_ByListing_AgreesAndTakesAFailureForTheLimit() =>
        (await ChildProcess.RunAsync(ListToTheLimit, Limit)).AssertSucceeded();

    private static Task CountToTheLimit(string[] args)
    {
        var meter = DescriptorMeters.Create(TimeProvider.System);
        Assert.SkipUnless(meter is StatxMeter, "Before Linux 6.2 the kernel does not tell.");
        _ = Listed();
        Assert.Equal(Limit, meter.Read().Limit);
        var before = meter.Read().Open;
        // A thread within an open holds a descriptor that no listing shows.
        Assert.InRange(before - Listed(), -1, 2);

        using var thief = new DescriptorThief();
        for (var i = 0; i < 10; i++)
        {
            thief.TakeOne();
        }

        Assert.Equal(before + 10, meter.Read().Open);
        thief.TakeAll();
        var atTheLimit = meter.Read();
        thief.Dispose();

        Assert.Equal(Limit, atTheLimit.Open);
        Assert.Equal(Limit, atTheLimit.Limit);
        return Task.CompletedTask;
    }

    private static int Listed() => new FolderMeter("/proc/self/fd", TimeProvider.System).Read().Open;

    private static Task ListToTheLimit(string[] args)
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var meter = new FolderMeter("/proc/self/fd", time);
        var first = meter.Read();
        Assert.Equal(first, meter.Read());

        using var thief = new DescriptorThief();
        thief.TakeAll();
        time.Advance(TimeSpan.FromSeconds(1));
        var atTheLimit = meter.Read();
        thief.Dispose();

        Assert.Equal((Limit, Limit), (atTheLimit.Open, atTheLimit.Limit));
        Assert.NotEqual(first.Sequence, atTheLimit.Sequence);
        return Task.CompletedTask;
    }
}
