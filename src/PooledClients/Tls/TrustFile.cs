using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Tls;

/// <summary>A CA file, read once and once a change for every client that names it.</summary>
internal sealed class TrustFile : WatchedFiles
{
    private readonly ILogger _logger;
    private volatile TrustBundle? _current;

    public TrustFile(string path, ILogger logger)
        : base(path) => _logger = logger;

    public TrustBundle Current => _current ?? throw new InvalidOperationException("The CA file was not read yet.");

    protected override void Use(byte[][] contents, bool first)
    {
        TrustBundle bundle = TrustBundle.Parse(contents[0], Paths[0]);
        TrustBundle? old = _current;
        _current = bundle;
        if (old is null)
        {
            _logger.TrustLoaded(bundle.Certificates.Length, bundle.Source, string.Join(", ", bundle.Thumbprints));
        }
        else
        {
            _logger.TrustChanged(
                bundle.Source,
                old.Certificates.Length,
                bundle.Certificates.Length,
                Join(bundle.Thumbprints.Except(old.Thumbprints)),
                Join(old.Thumbprints.Except(bundle.Thumbprints)));
        }
    }

    protected override void ReportFailure(string reason) => _logger.TrustChangeRefused(Paths[0], Current.Certificates.Length, reason);

    protected override void ReportUnchanged() => _logger.TrustRestored(Paths[0]);

    private static string Join(IEnumerable<string> thumbprints) => string.Join(", ", thumbprints) is { Length: > 0 } text ? text : "none";
}
