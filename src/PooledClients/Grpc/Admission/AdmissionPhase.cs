namespace PooledClients.Grpc.Admission;

/// <summary>What the search for a limit does at the moment.</summary>
internal enum AdmissionPhase
{
    /// <summary>Takes the measure of the limit there is.</summary>
    Measure,

    /// <summary>Tries another one.</summary>
    Try,

    /// <summary>Looks at the one before again, so that a load that has changed is not taken for success.</summary>
    Confirm,

    /// <summary>Leaves the limit where it is.</summary>
    Rest,
}
