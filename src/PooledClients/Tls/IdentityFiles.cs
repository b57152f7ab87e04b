using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Tls;

/// <summary>A client certificate and its key, read as one unit, once and once a change for every client that names them.</summary>
internal sealed class IdentityFiles : WatchedFiles
{
    private readonly string? _password;
    private readonly ILogger _logger;
    private volatile ClientIdentity? _current;

    public IdentityFiles(string certificatePath, string? keyPath, string? password, ILogger logger)
        : base(keyPath is null ? [certificatePath] : [certificatePath, keyPath])
    {
        _password = password;
        _logger = logger;
    }

    public ClientIdentity Current => _current ?? throw new InvalidOperationException("The client certificate was not read yet.");

    protected override void Use(byte[][] contents, bool first)
    {
        ClientIdentity identity = IdentityLoader.Load(Paths, contents, _password);
        ClientIdentity? old = _current;
        _current = identity;
        string subject = CertificateText.Subject(identity.Certificate);
        if (old is null)
        {
            _logger.IdentityLoaded(subject, identity.Thumbprint, identity.Certificate.NotAfter.ToUniversalTime(), Paths[0]);
        }
        else
        {
            _logger.IdentityChanged(Paths[0], subject, identity.Thumbprint, identity.Certificate.NotAfter.ToUniversalTime(), old.Thumbprint);
        }
    }

    protected override void ReportFailure(string reason) => _logger.IdentityChangeRefused(Paths[0], Current.Thumbprint, reason);

    protected override void ReportUnchanged() => _logger.IdentityRestored(Paths[0], Current.Thumbprint);
}
