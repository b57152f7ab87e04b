using System.Net;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>The endpoints that a set has, and those that left it and finish their calls. Changed under the set's lock, each list as a whole, and read anywhere.</summary>
internal sealed class EndpointMembers(Func<EndPoint, string?, bool, Endpoint> create)
{
    // Without a call for so long an endpoint counts as one of those that are owed one.
    private const int IdleTicks = 10;

    private volatile Endpoint[] _current = [];
    private volatile Endpoint[] _leaving = [];

    public Endpoint[] Current => _current;

    public Endpoint[] Leaving => _leaving;

    /// <summary>Has the set be at these targets: those that stay are what they were, connections and all.</summary>
    public (IReadOnlyList<Endpoint> Joined, IReadOnlyList<Endpoint> Left) Change(IReadOnlyList<EndPoint> targets, string? host)
    {
        var known = _current.ToDictionary(static endpoint => endpoint.Target);
        var isFirst = known.Count == 0;
        List<Endpoint> joined = [];
        var next = new List<Endpoint>(targets.Count);
        foreach (var target in targets)
        {
            if (!known.Remove(target, out var endpoint))
            {
                endpoint = create(target, host, isFirst);
                joined.Add(endpoint);
            }

            next.Add(endpoint);
        }

        // In the second list first: who counts both counts it twice for a moment rather than not at all.
        _leaving = [.. _leaving, .. known.Values];
        _current = [.. next];
        return (joined, [.. known.Values]);
    }

    /// <summary>Brings what depends on time up to date.</summary>
    /// <returns>Whoever has waited for a call for longest and is owed one, and of those that are left out, each if there is one.</returns>
    public (Endpoint? Owed, Endpoint? Sick) Tick(double typicalSeconds, TimeSpan slowStart, bool preparesAhead, long now, TimeProvider timeProvider)
    {
        var idle = 0;
        foreach (var endpoint in _current)
        {
            endpoint.Tick(typicalSeconds, slowStart, preparesAhead, now, timeProvider);
            idle += endpoint.IdleTicks >= IdleTicks ? 1 : 0;
        }

        Endpoint? owed = null;
        Endpoint? sick = null;
        foreach (var endpoint in _current)
        {
            if (endpoint.IsOwed(typicalSeconds, idle))
            {
                ref var longest = ref endpoint.Ejection.State == EndpointHealth.Ejected ? ref sick : ref owed;
                longest = longest is null || endpoint.IdleTicks > longest.IdleTicks ? endpoint : longest;
            }
        }

        return (owed, sick);
    }

    /// <summary>Forgets those that left whose last connection is closed.</summary>
    public void Forget()
    {
        if (Array.Exists(_leaving, IsGone))
        {
            _leaving = Array.FindAll(_leaving, static endpoint => !IsGone(endpoint));
        }
    }

    private static bool IsGone(Endpoint endpoint) => endpoint.Connections.IsGone;
}
