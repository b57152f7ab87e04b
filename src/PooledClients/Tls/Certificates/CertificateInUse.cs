using System.Security.Cryptography.X509Certificates;
using PooledClients.Diagnostics;

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
    private static readonly TimeSpan LastDay = TimeSpan.FromDays(1);

    public static CertificateInUse Of(CertificateUse use, string source, X509Certificate2 certificate) => new(
        use,
        source,
        CertificateText.Subject(certificate),
        certificate.Thumbprint,
        certificate.NotBefore.ToUniversalTime(),
        certificate.NotAfter.ToUniversalTime());

    public TimeSpan Remaining(DateTimeOffset now) => NotAfter - now;

    /// <summary>
    /// The smallest threshold that has been reached, of a third of its life (at most 30 days), a sixth (at most 7 days), a day where the
    /// sixth is more, and none left at all; null if the end is far.
    /// </summary>
    public TimeSpan? ReachedThreshold(DateTimeOffset now)
    {
        var remaining = Remaining(now);
        var critical = CertificateLevels.Critical(NotBefore, NotAfter);
        return remaining <= TimeSpan.Zero ? TimeSpan.Zero
            : remaining <= LastDay && LastDay < critical ? LastDay
            : remaining <= critical ? critical
            : CertificateLevels.Near(NotBefore, NotAfter) is var near && remaining <= near ? near
            : null;
    }

    /// <summary>When the next of those thresholds is reached; null when the last one is.</summary>
    public DateTimeOffset? NextThreshold(DateTimeOffset now)
    {
        var critical = CertificateLevels.Critical(NotBefore, NotAfter);
        TimeSpan[] thresholds = [CertificateLevels.Near(NotBefore, NotAfter), critical, LastDay < critical ? LastDay : critical, TimeSpan.Zero];
        var remaining = Remaining(now);
        foreach (var threshold in thresholds)
        {
            if (threshold < remaining)
            {
                return NotAfter - threshold;
            }
        }

        return null;
    }
}
