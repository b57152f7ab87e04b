namespace PooledClients.Configuration;

/// <summary>What is wrong with the settings of retries, their budget and the breaker: the same for both kinds of client.</summary>
internal static class ResilienceErrors
{
    private const int MostAttempts = 100;

    // Shorter samples and breaks judge by chance.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);

    public static void CheckResilience(this OptionsErrors errors, RetryOptions retry, RetryBudgetOptions budget, BreakerOptions breaker)
    {
        CheckRetry(errors, "Resilience:Retry:", retry);
        CheckBudget(errors, "Resilience:RetryBudget:", budget);
        CheckBreaker(errors, "Resilience:Breaker:", breaker);
    }

    private static void CheckRetry(OptionsErrors errors, string prefix, RetryOptions options)
    {
        if (options.MaxAttempts is < 1 or > MostAttempts)
        {
            errors.Add(prefix + nameof(options.MaxAttempts), $"{options.MaxAttempts} is not between 1 (never again) and {MostAttempts}, the first one included.");
        }

        errors.CheckTime(prefix + nameof(options.Delay), options.Delay, mayBeInfinite: false);
        errors.CheckTime(prefix + nameof(options.MaxDelay), options.MaxDelay, mayBeInfinite: false);
    }

    private static void CheckBudget(OptionsErrors errors, string prefix, RetryBudgetOptions options)
    {
        if (!(options.Ratio >= 0) || !double.IsFinite(options.Ratio))
        {
            errors.Add(prefix + nameof(options.Ratio), $"{options.Ratio} is no share of the calls; set 0.2 for one in five, or 0.");
        }

        if (!(options.PerSecond >= 0) || !double.IsFinite(options.PerSecond))
        {
            errors.Add(prefix + nameof(options.PerSecond), $"{options.PerSecond} is no number of attempts a second; set 10, or 0 for none.");
        }
    }

    private static void CheckBreaker(OptionsErrors errors, string prefix, BreakerOptions options)
    {
        if (options.FailureRatio is not (> 0 and <= 1))
        {
            errors.Add(prefix + nameof(options.FailureRatio), $"{options.FailureRatio} is no share above 0 and at most 1; set 0.8, or {nameof(options.Enabled)} to false for no breaker.");
        }

        if (options.MinimumThroughput < 2)
        {
            errors.Add(prefix + nameof(options.MinimumThroughput), $"{options.MinimumThroughput} is less than 2, too few requests to judge by.");
        }

        errors.CheckTime(prefix + nameof(options.SamplingDuration), options.SamplingDuration, mayBeInfinite: false, atLeast: Shortest);
        errors.CheckTime(prefix + nameof(options.BreakDuration), options.BreakDuration, mayBeInfinite: false, atLeast: Shortest);
    }
}
