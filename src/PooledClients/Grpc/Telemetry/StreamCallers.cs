using PooledClients.Connections.CallSites;

namespace PooledClients.Grpc.Telemetry;

/// <summary>Who makes the streaming calls of one method, as far as it is found out: by the same sampling as of HTTP's responses.</summary>
internal sealed class StreamCallers(TimeProvider time) : ISampledCalls
{
    private static readonly TimeSpan LooksAtALeak = TimeSpan.FromMinutes(10);

    private string? _last;
    private int _calls;

    // The timestamp of the last one that was left open; zero without.
    private long _leakedAt;

    public bool HasLeaked => Volatile.Read(ref _leakedAt) is var at and not 0 && time.GetElapsedTime(at) < LooksAtALeak;

    public string? LastCallSite
    {
        get => Volatile.Read(ref _last);
        set => Volatile.Write(ref _last, value);
    }

    public uint CountCall() => (uint)Interlocked.Increment(ref _calls);

    public void MarkLeaked() => Volatile.Write(ref _leakedAt, time.GetTimestamp());
}
