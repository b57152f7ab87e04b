using System.Security.Cryptography.X509Certificates;

namespace PooledClients;

/// <summary>
/// Whom to trust and how to identify oneself. The server's chain, host name and usage are always verified; there is no switch
/// that accepts any certificate. Files are read once, then watched: a good change is used by new connections, a bad one is logged
/// and the last good content stays.
/// </summary>
/// <remarks>
/// Beyond the platform's own checks a chain is refused for an RSA key under 2048 bits, an elliptic-curve key under 256 bits, a
/// signature over SHA-1 or MD5 below the root, and a host that stands in the common name alone (RFC 9525). TLS 1.2 and 1.3.
/// </remarks>
public sealed class TlsOptions
{
    /// <summary>
    /// Gets or sets the path of a PEM file with the only authorities to trust. It may hold several certificates, among them a root
    /// (self-signed), and no private key; a file that is cut or damaged is refused as a whole.
    /// </summary>
    /// <value><see langword="null"/>: the system's authorities, unless <see cref="CaCertificatePem"/> is set.</value>
    public string? CaCertificatePath { get; set; }

    /// <summary>Gets or sets the only authorities to trust, as PEM text. Not together with <see cref="CaCertificatePath"/>.</summary>
    /// <value><see langword="null"/>.</value>
    public string? CaCertificatePem { get; set; }

    /// <summary>
    /// Gets or sets the path of the client's own certificate: PEM, followed by its intermediates, or PFX (<c>.pfx</c>, <c>.p12</c>).
    /// </summary>
    /// <value><see langword="null"/>: the client shows no certificate.</value>
    public string? ClientCertificatePath { get; set; }

    /// <summary>Gets or sets the path of the PEM file with the private key of <see cref="ClientCertificatePath"/>.</summary>
    /// <value><see langword="null"/>: the key is in the certificate's own file.</value>
    public string? ClientKeyPath { get; set; }

    /// <summary>Gets or sets the password of an encrypted private key or of a PFX file. It is never logged.</summary>
    /// <value><see langword="null"/>: the key is not encrypted.</value>
    public string? ClientKeyPassword { get; set; }

    /// <summary>
    /// Gets or sets whether the revocation of the server's certificate is checked. <see cref="X509RevocationMode.Online"/> fetches
    /// revocation lists over connections that are outside the library's descriptor budget.
    /// </summary>
    /// <value><see cref="X509RevocationMode.NoCheck"/>: private authorities seldom publish a list, and a check without one refuses every server.</value>
    public X509RevocationMode RevocationMode { get; set; } = X509RevocationMode.NoCheck;

    /// <summary>
    /// Gets or sets how often the files are looked at for a change. At least one second. A file that several clients name is looked at
    /// by the shortest interval among them, and read once it has been still for a tenth of a second.
    /// </summary>
    /// <value>60 seconds.</value>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Gets whether it holds anything that only TLS has a use for.</summary>
    internal bool IsSet => this is not { CaCertificatePath: null, CaCertificatePem: null, ClientCertificatePath: null };
}
