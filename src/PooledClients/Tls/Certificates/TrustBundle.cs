using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Tls.Files;

namespace PooledClients.Tls.Certificates;

/// <summary>The authorities of one CA file, or of one PEM text, at one time. Immutable.</summary>
internal sealed class TrustBundle
{
    private TrustBundle(ImmutableArray<X509Certificate2> certificates, string source)
    {
        Certificates = certificates;
        Source = source;
        Thumbprints = [.. certificates.Select(static certificate => certificate.Thumbprint).Order(StringComparer.Ordinal)];
    }

    public ImmutableArray<X509Certificate2> Certificates { get; }

    /// <summary>Where it came from, for messages: the file's path or the option's name.</summary>
    public string Source { get; }

    public ImmutableArray<string> Thumbprints { get; }

    /// <summary>Reads a whole CA file, or refuses it.</summary>
    /// <exception cref="TlsContentException">It is empty, cut, damaged, too large, holds a private key or no root.</exception>
    public static TrustBundle Parse(ReadOnlySpan<byte> content, string source) => Parse(PemCertificates.Decode(content), source);

    public static TrustBundle Parse(char[] text, string source)
    {
        var blocks = PemCertificates.ReadBlocks(text);
        if (blocks.Find(static block => block.IsPrivateKey) is { } key)
        {
            throw new TlsContentException("it holds a private key", "keep only certificates in a CA file and treat that key as disclosed", key.Line);
        }

        if (blocks.Find(static block => block.Label != "CERTIFICATE") is { } stranger)
        {
            throw new TlsContentException($"it holds a {stranger.Label} block", "keep only CERTIFICATE blocks in a CA file", stranger.Line);
        }

        switch (blocks.Count)
        {
            case 0 when text[0] == '0':
                throw new TlsContentException("it holds no PEM certificate and looks like DER", "convert it with 'openssl x509 -inform der'");
            case 0:
                throw new TlsContentException("it holds no certificate", "give a PEM file with CERTIFICATE blocks");
            case > PemCertificates.MaxCertificates:
                throw new TlsContentException(
                    $"it holds {blocks.Count} certificates, more than {PemCertificates.MaxCertificates}", "keep only the authorities that this service needs");
        }

        ImmutableArray<X509Certificate2> certificates =
            [.. blocks.Select(static block => PemCertificates.Load(block)).DistinctBy(static certificate => certificate.Thumbprint)];

        // The platform ends every chain at a self-signed certificate: with intermediates alone it would refuse every server.
        return certificates.Any(static certificate => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
            ? new TrustBundle(certificates, source)
            : throw new TlsContentException("none of its certificates is a root (self-signed), so no server could be verified", "add the root to it");
    }
}
