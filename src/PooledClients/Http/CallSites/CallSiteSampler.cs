using PooledClients.Connections.Budget;
using PooledClients.Http.Routes;

namespace PooledClients.Http.CallSites;

/// <summary>
/// Decides whose stack is worth its price: one call of a route in 2,048, its first included; every call of a route that has lost a
/// response, and every call at all while connections are getting short.
/// </summary>
internal sealed class CallSiteSampler(ConnectionGate gate)
{
    private const double ShortAt = 0.7;

    public const uint SampleEvery = 2048;

    /// <summary>The caller's name when this call is to be captured, else <see langword="null"/>. Asked synchronously in the outermost handler.</summary>
    public string? Capture(HttpRoute route)
    {
        var call = route.CountCall();
        if (call % SampleEvery != 1 && !route.HasLeaked && gate.InUse < ShortAt * gate.Budget)
        {
            return null;
        }

        var site = CallSite.Capture();
        route.LastCallSite = site;
        return site;
    }
}
