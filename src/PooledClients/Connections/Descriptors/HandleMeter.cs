using System.Diagnostics;

namespace PooledClients.Connections.Descriptors;

/// <summary>Windows counts handles, of which sockets are a part, and knows no limit worth watching.</summary>
internal sealed class HandleMeter : DescriptorMeter
{
    private long _sequence;

    public override string Source => "process handle count, no limit";

    public override DescriptorReading Read()
    {
        using var process = Process.GetCurrentProcess();
        return new DescriptorReading(process.HandleCount, Limit: null, Interlocked.Increment(ref _sequence));
    }
}
