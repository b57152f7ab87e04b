using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Tests.Grpc.Telemetry;

/// <summary>Whether it was the deadline that ended a stream.</summary>
public sealed class StreamEndTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    // The server keeps the deadline too, and may be first to say so; one of its own is not this call's.
    [Theory]
    [InlineData(null, 1.0, 1)]
    [InlineData("4", 1.0, 1)]
    [InlineData("4", 0.998, 1)]
    [InlineData("4", 0.5, 0)]
    [InlineData(null, 0.5, 0)]
    [InlineData("0", 1.0, 0)]
    [InlineData("14", 1.0, 0)]
    public void StreamBegins_AndEnds_CountsItsDeadline(string? status, double seconds, int expected)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var time = new FakeTimeProvider();
        var calls = new MethodCalls("kv", "https://a", "kv/Scan", new CallMetrics(services.GetRequiredService<IMeterFactory>()), time);
        using var response = new HttpResponseMessage();
        var ends = calls.StreamBegins(response, Deadline)!;
        if (status is not null)
        {
            response.TrailingHeaders.Add("grpc-status", status);
        }

        time.Advance(Deadline * seconds);
        ends(null);

        Assert.Equal(expected, calls.DeadlinesByPhase().GetValueOrDefault("response"));
    }
}
