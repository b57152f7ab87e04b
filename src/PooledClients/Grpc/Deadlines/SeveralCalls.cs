using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Deadlines;

/// <summary>What a call that is several of the channel's is told of itself.</summary>
/// <param name="Account">Its count; none where nobody counts.</param>
/// <param name="CallSite">Where its caller stands in the code, if that was found out.</param>
/// <param name="Clock">Its clock, where something of the application's may send its requests later.</param>
internal readonly record struct SeveralCalls(CallAccount? Account, string? CallSite, CallClock? Clock)
{
    /// <summary>Whether something of the application's may send its requests later.</summary>
    public bool Flows => Clock is not null;
}
