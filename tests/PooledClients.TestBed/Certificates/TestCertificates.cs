using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.TestBed.Certificates;

/// <summary>Makes certificates in memory, good ones by default and bad ones by a <see cref="CertificateTemplate"/>.</summary>
public static class TestCertificates
{
    /// <summary>A root, or with an issuer an intermediate.</summary>
    public static X509Certificate2 CreateAuthority(string name = "Test Root", X509Certificate2? issuer = null) =>
        Create(CertificateTemplate.Authority(name), issuer);

    /// <summary>A server certificate for these DNS names and IP addresses; none means those of loopback.</summary>
    public static X509Certificate2 IssueServer(X509Certificate2 issuer, params string[] hosts) =>
        Create(hosts.Length == 0 ? new CertificateTemplate() : new CertificateTemplate { Hosts = hosts }, issuer);

    public static X509Certificate2 IssueClient(X509Certificate2 issuer, string name = "test client") =>
        Create(CertificateTemplate.Client(name), issuer);

    /// <summary>A certificate with its key; without an issuer it is self-signed.</summary>
    public static X509Certificate2 Create(CertificateTemplate template, X509Certificate2? issuer = null)
    {
        var key = template.CreateKey?.Invoke() ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            new X500DistinguishedName(template.Subject), PublicKeyOf(key), template.Hash, template.Padding);
        AddExtensions(request, template, issuer);

        var now = DateTimeOffset.UtcNow;
        var serial = RandomNumberGenerator.GetBytes(12);
        serial[0] &= 0x7f;
        using var certificate = request.Create(
            issuer?.SubjectName ?? request.SubjectName,
            SignatureGenerator(issuer is null ? key : KeyOf(issuer), template),
            now + template.ValidFrom,
            now + template.ValidTo,
            serial);
        return WithKey(certificate, key);
    }

    /// <summary>The certificates, one PEM block after the other.</summary>
    public static string ToPem(params IEnumerable<X509Certificate2> certificates) =>
        string.Concat(certificates.Select(static certificate => certificate.ExportCertificatePem() + "\n"));

    /// <summary>The certificate's private key as PEM (PKCS #8), encrypted if there is a password.</summary>
    public static string KeyToPem(X509Certificate2 certificate, string? password = null) =>
        (password is null
            ? KeyOf(certificate).ExportPkcs8PrivateKeyPem()
            : KeyOf(certificate).ExportEncryptedPkcs8PrivateKeyPem(
                password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2000))) + "\n";

    /// <summary>The certificate with its key, and the others without, as PFX.</summary>
    public static byte[] ToPfx(X509Certificate2 certificate, string? password, params IEnumerable<X509Certificate2> others)
    {
        var all = new X509Certificate2Collection(certificate);
        all.AddRange(others.Select(static other => X509CertificateLoader.LoadCertificate(other.RawData)).ToArray());
        return all.Export(X509ContentType.Pkcs12, password)!;
    }

    public static AsymmetricAlgorithm KeyOf(X509Certificate2 certificate) =>
        (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey()
        ?? throw new ArgumentException("The certificate has no ECDSA or RSA key.", nameof(certificate));

    private static void AddExtensions(CertificateRequest request, CertificateTemplate template, X509Certificate2? issuer)
    {
        var keyUsage = template.KeyUsage
            ?? (template.IsAuthority ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.DigitalSignature);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            template.IsAuthority, template.PathLength is not null, template.PathLength ?? 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(keyUsage, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (issuer?.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } identifier)
        {
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        }

        if (template.Usages.Count > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
                [.. template.Usages.Select(static usage => new Oid(usage))], critical: false));
        }

        if (template.Hosts.Count > 0)
        {
            request.CertificateExtensions.Add(AlternativeNames(template.Hosts));
        }

        foreach (var extension in template.Extensions)
        {
            request.CertificateExtensions.Add(extension);
        }
    }

    private static X509Extension AlternativeNames(IReadOnlyList<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return names.Build();
    }

    private static PublicKey PublicKeyOf(AsymmetricAlgorithm key) => key switch
    {
        ECDsa ecdsa => new PublicKey(ecdsa),
        RSA rsa => new PublicKey(rsa),
        _ => throw new ArgumentException("Only ECDSA and RSA keys.", nameof(key)),
    };

    private static X509SignatureGenerator SignatureGenerator(AsymmetricAlgorithm key, CertificateTemplate template) => key switch
    {
        _ when template.Hash == HashAlgorithmName.SHA1 || template.Hash == HashAlgorithmName.MD5 =>
            new WeakSignatureGenerator(key, template.Hash, template.Padding),
        ECDsa ecdsa => X509SignatureGenerator.CreateForECDsa(ecdsa),
        RSA rsa => X509SignatureGenerator.CreateForRSA(rsa, template.Padding),
        _ => throw new ArgumentException("Only ECDSA and RSA keys.", nameof(key)),
    };

    private static X509Certificate2 WithKey(X509Certificate2 certificate, AsymmetricAlgorithm key) => key switch
    {
        ECDsa ecdsa => certificate.CopyWithPrivateKey(ecdsa),
        RSA rsa => certificate.CopyWithPrivateKey(rsa),
        _ => throw new ArgumentException("Only ECDSA and RSA keys.", nameof(key)),
    };
}
