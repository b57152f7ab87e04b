namespace PooledClients;

/// <summary>
/// When an endpoint that fails calls is left out for a while (after gRFC A50). Only failures that are the server's or its network's
/// count: never a local one, nor one of trust.
/// </summary>
public sealed class EndpointEjectionOptions
{
    /// <summary>Gets or sets whether endpoints are left out at all.</summary>
    /// <value><see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets how many calls in a row have to fail.</summary>
    /// <value>5.</value>
    public int ConsecutiveFailures { get; set; } = 5;

    /// <summary>Gets or sets the share of failed calls, of at least 20 within 5 seconds, that is enough as well.</summary>
    /// <value>0.5; at most 1, by which all of them have to fail.</value>
    public double FailureRatio { get; set; } = 0.5;

    /// <summary>Gets or sets for how long an endpoint is left out; it doubles each time, until calls succeed again.</summary>
    /// <value>1 second.</value>
    public TimeSpan BaseTime { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or sets the longest that an endpoint is left out.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan MaxTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets the largest share of the endpoints that is left out at a time.</summary>
    /// <value>0.5.</value>
    public double MaxEjectedRatio { get; set; } = 0.5;
}
