namespace PooledClients;

/// <summary>
/// When an HTTP request is tried again, and when an authority is left alone. A handler of Microsoft.Extensions.Http.Resilience on the
/// same client takes the place of all this.
/// </summary>
public sealed class HttpResilienceOptions
{
    /// <summary>
    /// Gets the requests that are sent again: after a failure that may pass (no connection, a connection that broke,
    /// 408, 429, or a 5xx other than 501 and 505), only idempotent ones (RFC 9110, 9.2.2), and only with a body that can be
    /// sent again. Never after a trust error, never after a fault of this process, such as no descriptors, and never what the server has refused (<c>REFUSED_STREAM</c>), which was
    /// sent four times by then.
    /// </summary>
    /// <remarks>
    /// Four attempts. The pauses are 100 milliseconds, doubling to 2 seconds, each cut by up to half at random. A
    /// server's <c>Retry-After</c> takes a pause's place and may be longer, up to the deadline; the response that would need more than is
    /// left is given to the caller as it is.
    /// </remarks>
    public RetryOptions Retry { get; } = new() { MaxAttempts = 4, Delay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromSeconds(2) };

    /// <summary>Gets what bounds the extra attempts of an authority.</summary>
    public RetryBudgetOptions RetryBudget { get; } = new();

    /// <summary>
    /// Gets when an authority is left alone. A 5xx other than 501 and 505 is a failure, and no connection, a broken one and no answer
    /// within <see cref="PooledHttpClientOptions.Deadline"/>; faults of this process are none, and neither is a deadline that a request or the work around it has set itself.
    /// </summary>
    public BreakerOptions Breaker { get; } = new();
}
