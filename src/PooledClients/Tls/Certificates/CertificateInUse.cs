using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Tls.Certificates;

/// <summary>A certificate in use and when it ends.</summary>
/// <param name="Use">What it is for.</param>
/// <param name="Source">The server's address, or the file it was read from.</param>
/// <param name="Subject">Its subject, fit to print.</param>
/// <param name="Thumbprint">Its SHA-1 thumbprint, as .NET's tools show it.</param>
/// <param name="NotBefore">When it begins.</param>
/// <param name="NotAfter">When it ends.</param>
internal sealed record CertificateInUse(
    CertificateUse Use, string Source, string Subject, string Thumbprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    private static readonly TimeSpan[] Thresholds = [TimeSpan.FromDays(1), TimeSpan.FromDays(7), TimeSpan.FromDays(30)];

    /// <summary>Certificates that live no longer than this are renewed by machines, by the hour.</summary>
    private static readonly TimeSpan ShortLife = TimeSpan.FromDays(2);

    public static CertificateInUse Of(CertificateUse use, string source, X509Certificate2 certificate) => new(
        use,
        source,
        CertificateText.Subject(certificate),
        certificate.Thumbprint,
        certificate.NotBefore.ToUniversalTime(),
        certificate.NotAfter.ToUniversalTime());

    public TimeSpan Remaining(DateTimeOffset now) => NotAfter - now;

    /// <summary>
    /// The smallest threshold of 30, 7 and 1 days, and none left at all, that has been reached; null if the end is far. Of a
    /// certificate that lives two days or less, the last tenth of its life counts.
    /// </summary>
    public TimeSpan? ReachedThreshold(DateTimeOffset now)
    {
        var remaining = Remaining(now);
        if (remaining <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        var life = NotAfter - NotBefore;
        var thresholds = life <= ShortLife ? [life / 10] : Thresholds;
        return Array.Find(thresholds, threshold => remaining <= threshold) is { Ticks: > 0 } reached ? reached : null;
    }
}
