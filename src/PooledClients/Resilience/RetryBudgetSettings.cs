namespace PooledClients.Resilience;

/// <summary>What a retry budget goes by. Two clients with equal settings share an address's budget.</summary>
/// <param name="Ratio">The extra attempts for each call.</param>
/// <param name="PerSecond">The extra attempts a second, however few the calls are.</param>
internal readonly record struct RetryBudgetSettings(double Ratio, double PerSecond)
{
    // More than any process makes attempts; a budget like the others needs no second way past it.
    private const double Unbounded = 1e9;

    public static RetryBudgetSettings From(RetryBudgetOptions options) => options.Enabled ? new(options.Ratio, options.PerSecond) : new(0, Unbounded);
}
