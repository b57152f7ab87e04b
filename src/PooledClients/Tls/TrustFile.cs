using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tls;

/// <summary>A CA file, read once and once a change for every client that names it.</summary>
internal sealed class TrustFile : WatchedFiles
{
    private readonly ILogger _logger;
    private readonly TlsMetrics _metrics;
    private volatile TrustBundle? _current;

    public TrustFile(string path, ILogger logger, TlsMetrics metrics)
        : base(path) => (_logger, _metrics) = (logger, metrics);

    public TrustBundle Current => _current ?? throw new InvalidOperationException("The CA file was not read yet.");

    public override CertificateUse CertificateUse => CertificateUse.Authority;

    public override IReadOnlyList<X509Certificate2> Certificates => _current?.Certificates ?? [];

    protected override void Use(byte[][] contents, bool first)
    {
        var bundle = TrustBundle.Parse(contents[0], Paths[0]);
        var old = _current;
        _current = bundle;
        if (old is null)
        {
            _logger.TrustLoaded(bundle.Certificates.Length, bundle.Source, string.Join(", ", bundle.Thumbprints));
        }
        else
        {
            _metrics.RecordReload("ca", good: true);
            _logger.TrustChanged(
                bundle.Source,
                old.Certificates.Length,
                bundle.Certificates.Length,
                Join(bundle.Thumbprints.Except(old.Thumbprints)),
                Join(old.Thumbprints.Except(bundle.Thumbprints)));
        }
    }

    protected override void ReportFailure(string reason)
    {
        _metrics.RecordReload("ca", good: false);
        _logger.TrustChangeRefused(Paths[0], Current.Certificates.Length, reason);
    }

    protected override void ReportUnchanged() => _logger.TrustRestored(Paths[0]);

    private static string Join(IEnumerable<string> thumbprints) => string.Join(", ", thumbprints) is { Length: > 0 } text ? text : "none";
}
