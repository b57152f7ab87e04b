using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;
using PooledClients.Tests.Connections;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tests.Diagnostics;

public sealed class PooledClientsHealthCheckTests
{
    [Theory]
    [InlineData(799, HealthStatus.Healthy)]
    [InlineData(800, HealthStatus.Degraded)]
    [InlineData(949, HealthStatus.Degraded)]
    [InlineData(950, HealthStatus.Unhealthy)]
    public async Task CheckHealth_ByDescriptors_FollowsTheShareOfTheLimit(int open, HealthStatus expected)
    {
        var entry = await CheckAsync(open, certificate: null);

        Assert.Equal(expected, entry.Status);
        Assert.Equal(expected != HealthStatus.Healthy, entry.Description!.Contains($"{open} of its 1000 descriptors", StringComparison.Ordinal));
        Assert.Equal(open, entry.Data["descriptors.open"]);
    }

    [Theory]
    [InlineData(7.1, 365, HealthStatus.Healthy)]
    [InlineData(6.9, 365, HealthStatus.Degraded)]
    [InlineData(29, 30, HealthStatus.Healthy)]
    [InlineData(5.1, 30, HealthStatus.Healthy)]
    [InlineData(4.9, 30, HealthStatus.Degraded)]
    [InlineData(2.9, 3, HealthStatus.Healthy)]
    [InlineData(0.6, 3, HealthStatus.Healthy)]
    [InlineData(0.4, 3, HealthStatus.Degraded)]
    [InlineData(0.042, 0.042, HealthStatus.Healthy)]
    [InlineData(-1, 30, HealthStatus.Degraded)]
    public async Task CheckHealth_ByCertificates_IsDegradedInTheLastSixthOfALife(double daysLeft, double life, HealthStatus expected)
    {
        var entry = await CheckAsync(open: 10, daysLeft, life);

        Assert.Equal(expected, entry.Status);
    }

    [Fact]
    public async Task CheckHealth_ChangeOfCertificatesIsNotHandedOn_IsDegradedAndSaysWhy()
    {
        var entry = await CheckAsync(open: 10, certificate: null, handOverFailure: "the adjustment failed");

        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Contains("/etc/tls/client.pem", entry.Description, StringComparison.Ordinal);
        Assert.Contains("the adjustment failed", entry.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckHealth_WithADegradedCertificateAndNoDescriptors_IsUnhealthy()
    {
        var entry = await CheckAsync(open: 999, certificate: 1);

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Contains("AB12", entry.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckHealth_ComingEveryFewSeconds_AsksForNoConnection()
    {
        var source = new ConnectionSource();
        var services = new ServiceCollection();
        services.AddSingleton<ISnapshotSource>(source);
        services.AddHealthChecks().AddPooledClients();
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        provider.GetRequiredService<IPooledClientsDiagnostics>().Capture();

        Assert.Equal([false, true], source.Asked);
    }

    private static async Task<HealthReportEntry> CheckAsync(int open, double? certificate, double life = 365, string? handOverFailure = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(time);
        services.AddSingleton<DescriptorMeter>(new FakeDescriptorMeter { Open = open, Limit = 1000 });
        services.Configure<PooledClientsOptions>(options => options.Descriptors.Reserve = 0);
        services.AddSingleton<ISnapshotSource>(new CertificateSource(certificate is double days ? time.GetUtcNow().AddDays(days) : null, life, time.GetUtcNow(), handOverFailure));
        services.AddHealthChecks().AddPooledClients();
        await using var provider = services.BuildServiceProvider();

        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        return report.Entries["pooled_clients"];
    }

    private sealed class ConnectionSource : ISnapshotSource
    {
        public List<bool> Asked { get; } = [];

        public void AddTo(SnapshotBuilder snapshot) => Asked.Add(snapshot.WithConnections);
    }

    private sealed class CertificateSource(DateTimeOffset? notAfter, double life, DateTimeOffset now, string? handOverFailure) : ISnapshotSource
    {
        public void AddTo(SnapshotBuilder snapshot)
        {
            if (handOverFailure is not null)
            {
                snapshot.CertificateFiles.Add(new CertificateFileSnapshot
                {
                    Path = "/etc/tls/client.pem",
                    Use = CertificateUse.Identity,
                    Reads = 2,
                    Refusals = 0,
                    HandOverFailure = handOverFailure,
                });
            }

            if (notAfter is { } end)
            {
                snapshot.Certificates.Add(new CertificateSnapshot
                {
                    Use = CertificateUse.Identity,
                    Source = "/etc/tls/client.pem",
                    Subject = "CN=client",
                    Thumbprint = "AB12",
                    NotBefore = end.AddDays(-life),
                    NotAfter = end,
                    ExpiresSoon = new CertificateInUse(CertificateUse.Identity, "client.pem", "CN=client", "AB12", end.AddDays(-life), end)
                        .ReachedThreshold(now) is not null,
                });
            }
        }
    }
}
