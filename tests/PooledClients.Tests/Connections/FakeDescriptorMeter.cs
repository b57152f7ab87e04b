using PooledClients.Connections.Descriptors;

namespace PooledClients.Tests.Connections;

/// <summary>A process whose descriptors are what a test says.</summary>
internal sealed class FakeDescriptorMeter : DescriptorMeter
{
    private long _sequence;

    public int Open { get; set; } = 100;

    public int? Limit { get; set; } = 1_000_000;

    public override string Source => "test";

    public override DescriptorReading Read() => new(Open, Limit, Interlocked.Increment(ref _sequence));
}
