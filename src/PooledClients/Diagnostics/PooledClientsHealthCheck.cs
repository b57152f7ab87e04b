using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PooledClients.Diagnostics;

/// <summary>
/// Whether the process may take more work as far as its clients see. It opens nothing and calls nobody. A server that is down degrades
/// this process but does not make it unhealthy: restarting it would help nobody.
/// </summary>
internal sealed class PooledClientsHealthCheck(IPooledClientsDiagnostics diagnostics) : IHealthCheck
{
    // A sender of webhooks can have thousands; the count tells of all.
    private const int MostAddresses = 20;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // An application may have put diagnostics of its own there.
        var snapshot = diagnostics is PooledClientsDiagnostics own ? own.CaptureWithoutConnections() : diagnostics.Capture();
        List<TroubleSnapshot> findings = [.. snapshot.Troubles.Where(static trouble => trouble.Severity > TroubleSeverity.Notice)];
        var status = findings.Count == 0 ? HealthStatus.Healthy
            : findings[0].Severity == TroubleSeverity.Unhealthy ? context.Registration.FailureStatus
            : HealthStatus.Degraded;
        var description = findings.Count == 0 ? "The pooled clients have room." : string.Join("; ", findings.Select(static finding => finding.What)) + ".";
        return Task.FromResult(new HealthCheckResult(status, description, data: Data(snapshot)));
    }

    private static Dictionary<string, object> Data(PooledClientsSnapshot snapshot)
    {
        var data = new Dictionary<string, object>
        {
            ["descriptors.open"] = snapshot.Descriptors.Open,
            ["descriptors.limit"] = snapshot.Descriptors.Limit ?? (object)"none",
            ["connections"] = snapshot.Descriptors.Connections,
            ["connections.budget"] = snapshot.Descriptors.Budget,
            ["connections.waiting"] = snapshot.Pools.Sum(static pool => pool.Waiting),
            ["connections.oldest_wait_seconds"] = (snapshot.Pools.Max(static pool => pool.OldestWait) ?? TimeSpan.Zero).TotalSeconds,
            ["addresses.unreachable"] = snapshot.Unreachable.Count,
            ["breakers.open"] = snapshot.Breakers.Count(static breaker => breaker.State == "Open"),
            ["certificates.expiring"] = snapshot.Certificates.Count(static certificate => certificate.ExpiresSoon),
            ["responses.open"] = snapshot.OpenResponses.Count,
            ["streams.open"] = snapshot.OpenStreams.Count,
        };
        foreach (var channel in snapshot.Channels)
        {
            data[$"channel.{channel.Name}"] = channel.CircuitState is null ? channel.State : $"{channel.State}, circuit {channel.CircuitState}";
        }

        foreach (var address in snapshot.Unreachable.OrderByDescending(static address => address.LastFailureAt).Take(MostAddresses))
        {
            data[$"unreachable.{address.Address}"] = address.LastError;
        }

        foreach (var service in snapshot.Endpoints.GroupBy(static endpoint => endpoint.Service))
        {
            data[$"endpoints.{service.Key}"] = string.Create(
                CultureInfo.InvariantCulture, $"{service.Count(static endpoint => endpoint.State is "Ready" or "Probing")} of {service.Count()} take calls");
        }

        return data;
    }
}
