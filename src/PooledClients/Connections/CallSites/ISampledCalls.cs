namespace PooledClients.Connections.CallSites;

/// <summary>Calls that have a route or a method in common, of some of which the caller is found out.</summary>
internal interface ISampledCalls
{
    /// <summary>Whether one of them was left open of late; all callers are then found out.</summary>
    bool HasLeaked { get; }

    /// <summary>The caller that was found out last.</summary>
    string? LastCallSite { get; set; }

    /// <summary>Counts a call, and says which one it is, from 1.</summary>
    uint CountCall();
}
