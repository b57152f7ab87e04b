using PooledClients.Diagnostics;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;

namespace PooledClients.Tls;

/// <summary>The watched files and the certificates in use. Nothing secret: subjects, thumbprints and dates.</summary>
internal sealed class TlsSnapshotSource(TlsRegistry registry, CertificateInventory inventory, TimeProvider timeProvider) : ISnapshotSource
{
    public void AddTo(SnapshotBuilder snapshot)
    {
        var now = timeProvider.GetUtcNow();
        List<CertificateInUse> inUse = [.. inventory.Capture()];
        foreach (var files in registry.CaptureFiles())
        {
            snapshot.CertificateFiles.Add(new CertificateFileSnapshot
            {
                Path = files.Paths[0],
                Use = files.CertificateUse,
                Reads = files.Reads,
                Refusals = files.Refusals,
                LastRefusal = files.LastRefusal,
                HandOverFailure = registry.FindHandOverFailure(files),
            });
            foreach (var certificate in files.Certificates.Select(
                certificate => CertificateInUse.Of(files.CertificateUse, files.Paths[0], certificate)))
            {
                snapshot.Certificates.Add(Describe(certificate, inUse.Remove(certificate), now, files.LastRefusal));
            }
        }

        snapshot.Certificates.AddRange(inUse.Select(certificate => Describe(certificate, isUsed: true, now, lastRefusal: null)));
    }

    private CertificateSnapshot Describe(CertificateInUse certificate, bool isUsed, DateTimeOffset now, string? lastRefusal) => new()
    {
        Use = certificate.Use,
        Source = certificate.Source,
        Subject = certificate.Subject,
        Thumbprint = certificate.Thumbprint,
        NotBefore = certificate.NotBefore,
        NotAfter = certificate.NotAfter,
        ExpiresSoon = isUsed && certificate.ReachedThreshold(now) is not null && !inventory.WasRenewed(certificate),
        LastRefusal = lastRefusal,
    };
}
