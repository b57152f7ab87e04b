namespace PooledClients;

/// <summary>How the number of unary calls in flight to one address is held.</summary>
public enum AdmissionMode
{
    /// <summary>
    /// The limit is learnt: it rises while the process has time for more calls in flight or more of them complete, and falls when calls
    /// in flight only wait for a processor.
    /// </summary>
    Adaptive,

    /// <summary>The limit is <see cref="AdmissionOptions.MaxCallsInFlight"/>: a bulkhead.</summary>
    Fixed,

    /// <summary>There is no limit but the one that a server teaches by refusing streams.</summary>
    Off,
}
