using System.Runtime.CompilerServices;

namespace PooledClients.AspNetCore.Channelz;

/// <summary>
/// The snapshot that the requests of one walk share: a tool asks for each connection and each socket by a request of its own, and a
/// thousand of them are not to take a thousand snapshots. From any thread; a race takes one more.
/// </summary>
internal sealed class SharedSnapshot
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private static readonly ConditionalWeakTable<IPooledClientsDiagnostics, SharedSnapshot> All = [];

    private volatile Taken? _last;

    /// <summary>The one of these diagnostics.</summary>
    public static SharedSnapshot Of(IPooledClientsDiagnostics diagnostics) => All.GetOrCreateValue(diagnostics);

    /// <summary>The last one that was taken, while it is not older than a second.</summary>
    public PooledClientsSnapshot Get(IPooledClientsDiagnostics diagnostics, TimeProvider time) =>
        _last is { } last && time.GetElapsedTime(last.At) < Fresh ? last.Snapshot : Take(diagnostics, time);

    /// <summary>A new one, which those that come share.</summary>
    public PooledClientsSnapshot Take(IPooledClientsDiagnostics diagnostics, TimeProvider time)
    {
        var taken = new Taken(time.GetTimestamp(), diagnostics.Capture());
        _last = taken;
        return taken.Snapshot;
    }

    private sealed record Taken(long At, PooledClientsSnapshot Snapshot);
}
