namespace PooledClients.Diagnostics;

/// <summary>Numbers for what diagnostics tell of: in order, and never used again in this process.</summary>
internal static class DiagnosticIds
{
    private static long _last;

    // Every second one is left free: channelz tells of a connection twice, as a subchannel and as its socket.
    public static long Next() => Interlocked.Add(ref _last, 2);
}
