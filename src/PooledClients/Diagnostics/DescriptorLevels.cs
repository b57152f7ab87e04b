namespace PooledClients.Diagnostics;

/// <summary>Shares of the process's limit of descriptors at which something is said.</summary>
internal static class DescriptorLevels
{
    /// <summary>Near the limit: logged once a crossing, and degraded health.</summary>
    public const double Near = 0.80;

    /// <summary>The crossing is over below this, so that a process at the edge does not log all day.</summary>
    public const double NearEnds = 0.75;

    /// <summary>Unfit for more work: unhealthy.</summary>
    public const double Critical = 0.95;
}
