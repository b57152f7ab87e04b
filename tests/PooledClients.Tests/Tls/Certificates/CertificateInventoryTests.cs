using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PooledClients.TestBed.Certificates;
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

    // Nobody looks at it again: the timer does, when the next threshold is reached, within a second of it.
    [Theory]
    [InlineData(1 / 24.0)]
    [InlineData(1)]
    [InlineData(29)]
    [InlineData(398)]
    public void Warn_ThresholdIsReached_WarnsAtOnce(double days)
    {
        var life = TimeSpan.FromDays(days);
        var certificate = TestCertificates.Create(CertificateTemplate.Authority("root") with { ValidFrom = TimeSpan.Zero, ValidTo = life });
        _tls.Inventory.Track(CertificateUse.Server, "a:443", certificate);
        var entry = Assert.Single(_tls.Inventory.Capture());
        var thresholds = new List<DateTimeOffset>();
        while (entry.NextThreshold(thresholds.LastOrDefault(_tls.Time.GetUtcNow())) is { } next)
        {
            thresholds.Add(next);
        }

        for (var i = 0; i < thresholds.Count; i++)
        {
            _tls.Time.Advance(thresholds[i] - _tls.Time.GetUtcNow() - TimeSpan.FromSeconds(2));
            Assert.Equal(i, Warnings());
            _tls.Time.Advance(TimeSpan.FromSeconds(4));
            Assert.Equal(i + 1, Warnings());
        }

        Assert.InRange(thresholds.Count, 3, 4);

        int Warnings() => _tls.Log.Count(static record => record.Level == LogLevel.Warning);
    }

    [Theory]
    [InlineData(31, 365, false)]
    [InlineData(30, 365, true)]
    [InlineData(31, 90, false)]
    [InlineData(30, 90, true)]
    [InlineData(10.1, 30, false)]
    [InlineData(9.9, 30, true)]
    [InlineData(2.1, 6, false)]
    [InlineData(1.9, 6, true)]
    [InlineData(0.34, 1, false)]
    [InlineData(0.33, 1, true)]
    [InlineData(-1, 1, true)]
    public void ReachedThreshold_ByDaysLeft_IsReachedOrNot(double daysLeft, double life, bool expected)
    {
        var now = _tls.Time.GetUtcNow();
        var certificate = new CertificateInUse(
            CertificateUse.Server, "a:443", "CN=a", "AB", now.AddDays(daysLeft - life), now.AddDays(daysLeft));

        Assert.Equal(expected, certificate.ReachedThreshold(now) is not null);
    }

    [Theory]
    [InlineData(1.0 / 24)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(29)]
    [InlineData(90)]
    [InlineData(365)]
    public void Warn_RenewedInTime_IsNeverHeardThoughConnectionsKeepTheOldOne(double life)
    {
        var first = Issue(life);
        _tls.Inventory.Track(CertificateUse.Server, "a:443", first);
        for (var renewals = 0; renewals < 3; renewals++)
        {
            // Well before the last third begins; from then on new connections are shown the next one.
            _tls.Time.Advance(TimeSpan.FromDays(life * 0.6));
            _tls.Inventory.Track(CertificateUse.Server, "a:443", Issue(life));
            Assert.DoesNotContain(_tls.Log, static record => record.Level == LogLevel.Warning);
        }

        X509Certificate2 Issue(double days)
        {
            var passed = _tls.Time.GetUtcNow() - DateTimeOffset.UtcNow;
            return TestCertificates.Create(CertificateTemplate.Authority("root") with { ValidFrom = passed, ValidTo = passed + TimeSpan.FromDays(days) });
        }
    }

    [Fact]
    public void Warn_OneOfTwoServersWasNotRenewed_IsHeard()
    {
        var old = TestCertificates.Create(CertificateTemplate.Authority("root") with { ValidTo = TimeSpan.FromDays(5) });
        var renewed = TestCertificates.Create(CertificateTemplate.Authority("root") with { ValidTo = TimeSpan.FromDays(300) });
        _tls.Inventory.Track(CertificateUse.Server, "a:443", renewed);

        _tls.Inventory.Track(CertificateUse.Server, "a:443", old);

        Assert.Contains(old.Thumbprint, Assert.Single(_tls.Log, static record => record.Level == LogLevel.Warning).Message, StringComparison.Ordinal);
    }
}
