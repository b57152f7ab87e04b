namespace PooledClients.Http.Retries;

/// <summary>How long to wait before the next attempt.</summary>
internal static class RetryPause
{
    /// <summary>The server's word if it gave one (RFC 9110, 10.2.3), else twice the pause before, cut by up to half.</summary>
    public static TimeSpan For(HttpResponseMessage? response, int attempt, RetryOptions options, DateTimeOffset now)
    {
        if (FromServer(response, now) is { } asked)
        {
            return asked;
        }

        // Bounded before it is a TimeSpan: doubling overflows soon.
        var longest = Math.Min(options.MaxDelay.TotalSeconds, options.Delay.TotalSeconds * Math.Pow(2, attempt));
        return TimeSpan.FromSeconds(longest * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    /// <summary>The longest that may be waited: to the deadline, or without one as long as the longest pause.</summary>
    public static TimeSpan Limit(TimeSpan remaining, RetryOptions options)
        => remaining == Timeout.InfiniteTimeSpan ? options.MaxDelay : remaining;

    private static TimeSpan? FromServer(HttpResponseMessage? response, DateTimeOffset now)
    {
        if (response?.Headers.RetryAfter is not { } retryAfter)
        {
            return null;
        }

        var asked = retryAfter.Delta ?? (retryAfter.Date - now);
        return asked < TimeSpan.Zero ? TimeSpan.Zero : asked;
    }
}
