using System.Net;
using System.Text;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>
/// The endpoints that one process of a fleet connects to (gRFC A68): those with the highest hash of the process's seed and their own
/// address. Each process has another seed, so the fleet as a whole covers all evenly, and an endpoint that comes or goes changes one place.
/// </summary>
internal sealed class RendezvousSubset(int size, ulong seed)
{
    private const ulong Prime = 0x100000001B3;

    /// <returns>Those that are chosen, in the order that they came in: it is the resolver's, and may be one of preference.</returns>
    public IReadOnlyList<EndPoint> Take(IReadOnlyList<EndPoint> endPoints)
    {
        if (endPoints.Count <= size)
        {
            return endPoints;
        }

        var chosen = endPoints.OrderByDescending(Score).ThenBy(static endPoint => endPoint.ToString(), StringComparer.Ordinal).Take(size).ToHashSet();
        return [.. endPoints.Where(chosen.Contains)];
    }

    // FNV-1a, then the finaliser of MurmurHash3: FNV alone spreads the last bytes, in which addresses differ, over the low bits only.
    private ulong Score(EndPoint endPoint)
    {
        var hash = 0xCBF29CE484222325 ^ seed;
        foreach (var value in Encoding.UTF8.GetBytes(endPoint.ToString() ?? ""))
        {
            hash = (hash ^ value) * Prime;
        }

        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
        return hash ^ (hash >> 33);
    }
}
