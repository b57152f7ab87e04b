using Microsoft.Extensions.Logging;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>Who of a service's endpoints is left out: at most the configured share at a time, and never the last one.</summary>
internal sealed class EjectionRule(EndpointMembers members, EjectionSettings settings, string service, ILogger logger)
{
    // One endpoint at a time is judged, or two would each take the last place among those that may be out.
    private readonly Lock _lock = new();

    // Interlocked.
    private long _inARow;
    private long _byRatio;

    /// <summary>Gets how often an endpoint was left out for failures in a row, and for their share.</summary>
    public (long InARow, long ByRatio) Count => (Volatile.Read(ref _inARow), Volatile.Read(ref _byRatio));

    /// <summary>A call has ended at an endpoint.</summary>
    /// <returns>Whether it was left out for it, or is back.</returns>
    public bool Report(Endpoint endpoint, EndpointOutcome outcome)
    {
        // What is well and was answered is the common case.
        var ejection = endpoint.Ejection;
        if (outcome == EndpointOutcome.Answered && !ejection.IsWatched)
        {
            ejection.Answered();
            return false;
        }

        return Judge(endpoint, ejection, outcome);
    }

    private bool Judge(Endpoint endpoint, EndpointEjection ejection, EndpointOutcome outcome)
    {
        lock (_lock)
        {
            if (!ejection.Report(outcome, () => MayEject(endpoint)))
            {
                return false;
            }
        }

        if (ejection.State == EndpointHealth.Ejected)
        {
            Interlocked.Increment(ref ejection.IsForFailuresInARow ? ref _inARow : ref _byRatio);
            logger.EndpointEjected(service, endpoint, ejection.EjectedFor.TotalSeconds);
        }
        else
        {
            logger.EndpointBack(service, endpoint);
        }

        return true;
    }

    // One that takes a call at a time is out still: its place is nobody else's before a call has succeeded there.
    private bool MayEject(Endpoint endpoint)
    {
        var all = members.Current;
        var others = all.Count(other => other != endpoint && other.Ejection.State != EndpointHealth.Well);
        return others + 1 <= all.Length * settings.MaxEjectedRatio && all.Length > 1;
    }
}
