namespace PooledClients.Connections.Descriptors;

/// <summary>What follows from the process's limit of descriptors.</summary>
internal static class DescriptorLimits
{
    // Without a limit of descriptors the ephemeral ports bound the connections: 16,384 of them by RFC 6335.
    private const int BudgetWithoutLimit = 16_384;
    private const int LeastBudget = 16;

    /// <summary>Half is left to the rest of the process (Envoy's rule), and never fewer than 256.</summary>
    public static int DefaultBudget(int? limit) =>
        limit is int known ? Math.Max(LeastBudget, Math.Min(known / 2, known - 256)) : BudgetWithoutLimit;

    /// <summary>Where new connections begin to wait, whoever holds the descriptors: a sixteenth of the limit is kept free, 32 to 1024.</summary>
    public static int HighWaterMark(int limit) => limit - Math.Clamp(limit / 16, 32, 1024);
}
