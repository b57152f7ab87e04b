namespace PooledClients;

/// <summary>
/// When an HTTP request is tried again, and when an authority is left alone. A handler of Microsoft.Extensions.Http.Resilience on the
/// same client takes the place of all this.
/// </summary>
public sealed class HttpResilienceOptions
{
    /// <summary>Gets or sets whether requests are tried again and authorities left alone at all.</summary>
    /// <value><see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Gets or sets how often one request is tried again after a failure that may pass: no connection, a connection that broke,
    /// 408, 429, or a 5xx other than 501 and 505. Only idempotent methods (RFC 9110, 9.2.2) are, and only with a body that can be
    /// sent again. Never a trust error, and never a fault of this process, such as no descriptors.
    /// </summary>
    /// <value>3. 0 means never.</value>
    public int MaxRetries { get; set; } = 3;

    /// <summary>
    /// Gets or sets the pause before the first retry. Each further one is twice as long, and each is cut by up to half at random. A
    /// server's <c>Retry-After</c> takes its place.
    /// </summary>
    /// <value>100 milliseconds.</value>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Gets or sets the longest pause. A <c>Retry-After</c> may be longer, up to the deadline; the response that would need more than is
    /// left is given to the caller as it is.
    /// </summary>
    /// <value>2 seconds.</value>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets or sets the retries of one authority as a share of its requests, on top of <see cref="RetriesPerSecond"/>.</summary>
    /// <value>0.2 (Finagle's).</value>
    public double RetryRatio { get; set; } = 0.2;

    /// <summary>Gets or sets the retries a second that one authority may always get.</summary>
    /// <value>10 (Finagle's).</value>
    public double RetriesPerSecond { get; set; } = 10;

    /// <summary>
    /// Gets or sets the share of failed requests within <see cref="BreakerSamplingDuration"/> from which an authority is left alone. A
    /// 5xx other than 501 and 505 is a failure, and no connection, a broken one and no answer; faults of this process are none.
    /// </summary>
    /// <value>0.8, as gRPC clients have it: clients with equal settings share one breaker an address. <see langword="null"/> means that no authority is ever left alone.</value>
    public double? BreakerFailureRatio { get; set; } = 0.8;

    /// <summary>Gets or sets how many requests there must be within <see cref="BreakerSamplingDuration"/> before the share means anything.</summary>
    /// <value>20.</value>
    public int BreakerMinimumThroughput { get; set; } = 20;

    /// <summary>Gets or sets over how long the share of failures is taken.</summary>
    /// <value>5 seconds.</value>
    public TimeSpan BreakerSamplingDuration { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long an authority is left alone before one request tries it again.</summary>
    /// <value>Half a second.</value>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromMilliseconds(500);
}
