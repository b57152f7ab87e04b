using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>How the endpoints of an address are found and picked, as a value: clients whose settings are equal share them.</summary>
internal sealed record EndpointSettings(
    IEndpointResolver Resolver, Uri Address, EndpointPolicy Policy, TimeSpan RefreshInterval, int MaxEndpoints, TimeSpan SlowStart, string? HealthCheck, EjectionSettings Ejection)
{
    /// <summary>Whether the address allows endpoints in clear text beside TLS, as <c>https+http</c> does.</summary>
    public bool MayBeClearText => Address.Scheme.Contains('+', StringComparison.Ordinal);

    public static EndpointSettings From(EndpointOptions options, IEndpointResolver resolver, Uri address) =>
        new(resolver, address, options.Policy, options.RefreshInterval, options.MaxEndpoints, options.SlowStart, options.HealthCheck, EjectionSettings.From(options.Ejection));
}
