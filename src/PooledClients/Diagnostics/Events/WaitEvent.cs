using System.Diagnostics;

namespace PooledClients.Diagnostics.Events;

/// <summary>What a call waited for in front of its connection, as an event of the current span: no span of the runtime's shows it.</summary>
internal static class WaitEvent
{
    public const string Budget = "budget";

    /// <summary>Whether there is a span that wants to know.</summary>
    public static bool IsWanted => Activity.Current is { IsAllDataRequested: true };

    /// <summary>Tells of a wait that has ended.</summary>
    /// <param name="phase">What was waited for.</param>
    /// <param name="duration">How long.</param>
    public static void Add(string phase, TimeSpan duration) => Activity.Current?.AddEvent(new ActivityEvent(
        "pooledclients.wait", tags: new ActivityTagsCollection { { "pooledclients.phase", phase }, { "pooledclients.wait.duration", duration.TotalSeconds } }));
}
