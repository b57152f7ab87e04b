namespace PooledClients.Connections.Endpoints.Picking;

/// <summary>When an endpoint is left out, as a value.</summary>
internal sealed record EjectionSettings(bool Enabled, int ConsecutiveFailures, double FailureRatio, TimeSpan BaseTime, TimeSpan MaxTime, double MaxEjectedRatio)
{
    public static EjectionSettings From(EndpointEjectionOptions options) =>
        new(options.Enabled, options.ConsecutiveFailures, options.FailureRatio, options.BaseTime, options.MaxTime, options.MaxEjectedRatio);
}
