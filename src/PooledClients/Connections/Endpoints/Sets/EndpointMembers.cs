using System.Net;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>The endpoints that a set has, and those that left it and finish their calls. Changed under the set's lock, each list as a whole, and read anywhere.</summary>
internal sealed class EndpointMembers(Func<EndPoint, string?, bool, Endpoint> create)
{
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
