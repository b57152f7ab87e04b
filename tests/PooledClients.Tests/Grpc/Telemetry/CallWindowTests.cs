using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Tests.Grpc.Telemetry;

public sealed class CallWindowTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0.00001)]
    [InlineData(0.0007)]
    [InlineData(0.003)]
    [InlineData(0.25)]
    [InlineData(12)]
    public void Percentile_OfOneDuration_IsAtMostAQuarterAboveIt(double seconds)
    {
        var window = new CallWindow(_time);
        window.Add(TimeSpan.FromSeconds(seconds), failed: false);

        var p99 = Percentile(window, 0.99)!.Value.TotalSeconds;

        Assert.InRange(p99, seconds, Math.Max(seconds * 1.26, 0.00004));
    }

    [Fact]
    public void Percentile_OfAHundred_FindsTheSlowOne()
    {
        var window = new CallWindow(_time);
        for (var i = 0; i < 98; i++)
        {
            window.Add(TimeSpan.FromMilliseconds(1), failed: false);
        }

        window.Add(TimeSpan.FromSeconds(1), failed: false);
        window.Add(TimeSpan.FromSeconds(1), failed: true);

        Assert.InRange(Percentile(window, 0.5)!.Value.TotalMilliseconds, 1, 1.3);
        Assert.InRange(Percentile(window, 0.99)!.Value.TotalSeconds, 1, 1.3);
    }

    [Fact]
    public void Line_AfterTwoMinutes_HasForgotten()
    {
        var window = new CallWindow(_time);
        window.Add(TimeSpan.FromMilliseconds(1), failed: true);
        _time.Advance(CallWindow.LineStep);
        window.Add(TimeSpan.FromMilliseconds(1), failed: false);

        var (calls, failed) = window.Line();
        Assert.Equal((1, 1, 0, 1), (calls[^1], calls[^2], failed[^1], failed[^2]));

        _time.Advance(CallWindow.Length);
        Assert.Equal(0, window.Line().Calls.Sum());
        Assert.Null(Percentile(window, 0.5));
    }

    [Fact]
    public void Add_ManyTimes_AllocatesNothing()
    {
        var window = new CallWindow(_time);
        window.Add(TimeSpan.FromMilliseconds(1), failed: false);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            window.Add(TimeSpan.FromMilliseconds(i), failed: false);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static TimeSpan? Percentile(CallWindow window, double share)
    {
        var counts = CallWindow.NoLatencies();
        window.AddLatencies(counts);
        return CallWindow.Percentile(counts, share);
    }
}
