using PooledClients.Connections.Budget;

namespace PooledClients.Connections.CallSites;

/// <summary>
/// Decides whose stack is worth its price: one call of a route or method in 2,048, its first included; every call of one that has lost a
/// response or a stream, and every call at all while connections are getting short.
/// </summary>
internal sealed class CallSiteSampler(ConnectionGate gate)
{
    private const double ShortAt = 0.7;

    public const uint SampleEvery = 2048;

    /// <summary>
    /// The caller's name when this call is to be captured, else <see langword="null"/>. Asked synchronously in the outermost handler or invoker.
    /// </summary>
    public string? Capture(ISampledCalls calls)
    {
        var call = calls.CountCall();
        if (call % SampleEvery != 1 && !calls.HasLeaked && gate.InUse < ShortAt * gate.Budget)
        {
            return null;
        }

        var site = CallSite.Capture();
        calls.LastCallSite = site;
        return site;
    }

    /// <summary>Who made a call, in words for a log line.</summary>
    /// <param name="site">Its caller, where that was found out.</param>
    /// <param name="calls">Those that it is one of.</param>
    /// <param name="kind">What they have in common: <c>route</c> or <c>method</c>.</param>
    public static string Describe(string? site, ISampledCalls? calls, string kind) =>
        site ?? (calls?.LastCallSite is { } last ? $"probably {last} (a sampled call of this {kind})" : $"not known yet (the next calls of this {kind} are captured)");
}
