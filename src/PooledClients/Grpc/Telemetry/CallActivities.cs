using System.Diagnostics;
using PooledClients.Diagnostics;

namespace PooledClients.Grpc.Telemetry;

/// <summary>
/// Spans of the source <c>PooledClients</c>, only where one call is several of the channel's. A call that is one has the channel's span
/// already, and its attempts the runtime's.
/// </summary>
internal static class CallActivities
{
    public const string SourceName = "PooledClients";

    private static readonly ActivitySource Source = new(SourceName);

    public static bool HasListeners => Source.HasListeners();

    /// <summary>Starts the span of a call, which is the current one until the caller restores its own.</summary>
    public static Activity? Start(string many, string fullName)
    {
        var activity = Source.StartActivity(fullName.TrimStart('/'), ActivityKind.Internal);
        activity?.SetTag("rpc.system.name", "grpc");
        activity?.SetTag("rpc.method", fullName.TrimStart('/'));
        activity?.SetTag("pooledclients.attempts.kind", many);
        return activity;
    }
}
