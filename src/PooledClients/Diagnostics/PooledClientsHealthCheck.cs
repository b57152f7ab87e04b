using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PooledClients.Diagnostics;

/// <summary>
/// Whether the process may take more work as far as its clients see. It opens nothing and calls nobody. A server that is down is
/// told in the data but does not make this process unhealthy: restarting it would help nobody.
/// </summary>
internal sealed class PooledClientsHealthCheck(IPooledClientsDiagnostics diagnostics) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var snapshot = diagnostics.Capture();
        var findings = new List<string>();
        var status = HealthStatus.Healthy;

        var descriptors = snapshot.Descriptors;
        if (descriptors.Limit is int limit && descriptors.Open >= limit * DescriptorLevels.Near)
        {
            status = descriptors.Open >= limit * DescriptorLevels.Critical ? context.Registration.FailureStatus : HealthStatus.Degraded;
            findings.Add(string.Create(CultureInfo.InvariantCulture, $"the process holds {descriptors.Open} of its {limit} descriptors"));
        }

        foreach (var certificate in snapshot.Certificates.Where(c => c.ExpiresSoon && c.NotAfter - snapshot.CapturedAt <= CertificateLevels.Critical(c.NotBefore, c.NotAfter)))
        {
            status = Worse(status, HealthStatus.Degraded);
            var ends = certificate.NotAfter <= snapshot.CapturedAt ? "expired" : "expires";
            findings.Add(string.Create(CultureInfo.InvariantCulture, $"certificate {certificate.Thumbprint} of {certificate.Source} {ends} {certificate.NotAfter.UtcDateTime:u}"));
        }

        foreach (var service in snapshot.Endpoints.GroupBy(static endpoint => endpoint.Service))
        {
            var isOut = service.Count(static endpoint => endpoint.State is "Connecting" or "Ejected");
            if (isOut * 2 > service.Count())
            {
                status = Worse(status, HealthStatus.Degraded);
                findings.Add(string.Create(CultureInfo.InvariantCulture, $"{isOut} of the {service.Count()} endpoints of {service.Key} take no calls"));
            }
        }

        foreach (var file in snapshot.CertificateFiles.Where(static file => file.HandOverFailure is not null))
        {
            status = Worse(status, HealthStatus.Degraded);
            findings.Add($"the change of {file.Path} is not in use everywhere: {file.HandOverFailure}");
        }

        var description = findings.Count == 0 ? "The pooled clients have room." : string.Join("; ", findings) + ".";
        return Task.FromResult(new HealthCheckResult(status, description, data: Data(snapshot)));
    }

    // The lower the value, the worse the health.
    private static HealthStatus Worse(HealthStatus one, HealthStatus other) => one < other ? one : other;

    private static Dictionary<string, object> Data(PooledClientsSnapshot snapshot)
    {
        var data = new Dictionary<string, object>
        {
            ["descriptors.open"] = snapshot.Descriptors.Open,
            ["descriptors.limit"] = snapshot.Descriptors.Limit ?? (object)"none",
            ["connections"] = snapshot.Descriptors.Connections,
            ["connections.budget"] = snapshot.Descriptors.Budget,
            ["connections.waiting"] = snapshot.Pools.Sum(p => p.Waiting),
        };
        foreach (var channel in snapshot.Channels)
        {
            data[$"channel.{channel.Name}"] = channel.CircuitState is null ? channel.State : $"{channel.State}, circuit {channel.CircuitState}";
        }

        foreach (var service in snapshot.Endpoints.GroupBy(static endpoint => endpoint.Service))
        {
            data[$"endpoints.{service.Key}"] = string.Create(
                CultureInfo.InvariantCulture, $"{service.Count(static endpoint => endpoint.State is "Ready" or "Probing")} of {service.Count()} take calls");
        }

        return data;
    }
}
