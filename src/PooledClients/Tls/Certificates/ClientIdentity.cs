using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Tls.Certificates;

/// <summary>The certificate with its key, and the intermediates sent with it, by which this process identifies itself. Immutable.</summary>
internal sealed class ClientIdentity
{
    public ClientIdentity(X509Certificate2 certificate, X509Certificate2Collection intermediates)
    {
        Certificate = certificate;

        // Offline: the intermediates come from the file, never from the network.
        Context = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>What a handshake takes. Unlike a selection callback it leaves session resumption on.</summary>
    public SslStreamCertificateContext Context { get; }

    public string Thumbprint => Certificate.Thumbprint;

    /// <summary>The suspicion that a server refused it, for an error's text.</summary>
    public string DescribeRefusal() =>
        $"the server may have refused client certificate {Thumbprint} ('{CertificateText.Subject(Certificate)}', valid until {Certificate.NotAfter.ToUniversalTime():u})";
}
