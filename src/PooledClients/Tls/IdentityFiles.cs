using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tls;

/// <summary>A client certificate and its key, read as one unit, once and once a change for every client that names them.</summary>
internal sealed class IdentityFiles : WatchedFiles
{
    private readonly string? _password;
    private readonly ILogger _logger;
    private readonly TlsMetrics _metrics;
    private readonly CertificateInventory _inventory;
    private IDisposable? _inUse;
    private volatile ClientIdentity? _current;

    public IdentityFiles(
        string certificatePath, string? keyPath, string? password, ILogger logger, TlsMetrics metrics, CertificateInventory inventory)
        : base(keyPath is null ? [certificatePath] : [certificatePath, keyPath])
    {
        _password = password;
        _logger = logger;
        _metrics = metrics;
        _inventory = inventory;
    }

    public ClientIdentity Current => _current ?? throw new InvalidOperationException("The client certificate was not read yet.");

    public override CertificateUse CertificateUse => CertificateUse.Identity;

    public override IReadOnlyList<X509Certificate2> Certificates => _current is { } identity ? [identity.Certificate] : [];

    protected override void Use(byte[][] contents, bool first)
    {
        var identity = IdentityLoader.Load(Paths, contents, _password);
        var old = _current;
        var oldInUse = _inUse;
        _current = identity;
        _inUse = _inventory.Track(CertificateUse.Identity, Paths[0], identity.Certificate);
        oldInUse?.Dispose();
        var subject = CertificateText.Subject(identity.Certificate);
        if (old is null)
        {
            _logger.IdentityLoaded(subject, identity.Thumbprint, identity.Certificate.NotAfter.ToUniversalTime(), Paths[0]);
        }
        else
        {
            _metrics.RecordReload("client", good: true);
            _logger.IdentityChanged(Paths[0], subject, identity.Thumbprint, identity.Certificate.NotAfter.ToUniversalTime(), old.Thumbprint);
        }
    }

    protected override void ReportFailure(string reason)
    {
        _metrics.RecordReload("client", good: false);
        _logger.IdentityChangeRefused(Paths[0], Current.Thumbprint, reason);
    }

    protected override void ReportUnchanged() => _logger.IdentityRestored(Paths[0], Current.Thumbprint);
}
