using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PooledClients.IntegrationTests.Certificates;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tests.Tls.Certificates;

public sealed class CertificateInventoryTests : IDisposable
{
    private readonly TlsHarness _tls = new();

    public void Dispose() => _tls.Dispose();

    [Fact]
    public void Track_UntilEveryLeaseIsGone_Lists()
    {
        var certificate = TestCertificates.CreateAuthority();
        var one = _tls.Inventory.Track(CertificateUse.Server, "a:443", certificate);
        var two = _tls.Inventory.Track(CertificateUse.Server, "a:443", certificate);

        one.Dispose();
        one.Dispose();
        Assert.Equal(certificate.Thumbprint, Assert.Single(_tls.Inventory.Capture()).Thumbprint);

        two.Dispose();
        Assert.Empty(_tls.Inventory.Capture());
    }

    [Fact]
    public void Warn_AsTheEndComes_WarnsOnceAtEachThreshold()
    {
        // A minute early: the certificate is made after the test's clock was set, perhaps in the next second.
        var life = TimeSpan.FromDays(40) - TimeSpan.FromMinutes(1);
        var certificate = TestCertificates.Create(CertificateTemplate.Authority("root") with { ValidTo = life });
        _tls.Inventory.Track(CertificateUse.Server, "a:443", certificate);

        var days = new List<int>();
        for (var day = 1; day <= 45; day++)
        {
            var before = Warnings();
            for (var hour = 0; hour < 24; hour++)
            {
                _tls.Time.Advance(TimeSpan.FromHours(1));
                _tls.Inventory.Track(CertificateUse.Server, "a:443", certificate).Dispose();
            }

            if (Warnings() > before)
            {
                days.Add(day);
            }
        }

        Assert.Equal([10, 33, 39, 40], days);
        Assert.Equal(4, Warnings());
        Assert.Contains("expired at", _tls.NewestLine, StringComparison.Ordinal);

        int Warnings() => _tls.Log.Count(static record => record.Level == LogLevel.Warning);
    }

    [Theory]
    [InlineData(31, 365, false)]
    [InlineData(30, 365, true)]
    [InlineData(0.5, 1, false)]
    [InlineData(0.09, 1, true)]
    [InlineData(-1, 1, true)]
    public void ReachedThreshold_ByDaysLeft_IsReachedOrNot(double daysLeft, double life, bool expected)
    {
        var now = _tls.Time.GetUtcNow();
        var certificate = new CertificateInUse(
            CertificateUse.Server, "a:443", "CN=a", "AB", now.AddDays(daysLeft - life), now.AddDays(daysLeft));

        Assert.Equal(expected, certificate.ReachedThreshold(now) is not null);
    }
}
