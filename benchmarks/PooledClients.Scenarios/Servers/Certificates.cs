using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Scenarios.Servers;

/// <summary>
/// An authority made on the fly, with the certificates of a server on loopback and of a client, as PEM files in a folder.
/// </summary>
internal sealed class Certificates : IDisposable
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan Validity = TimeSpan.FromDays(90);

    private readonly X509Certificate2 _authority;

    public Certificates(string folder, string name = "ca")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=PooledClients scenarios {name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = DateTimeOffset.UtcNow;
        _authority = request.CreateSelfSigned(now.AddDays(-1), now + Validity);

        Folder = folder;
        Pem = _authority.ExportCertificatePem() + "\n";
        CaPath = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, name)).FullName, "ca.pem");
        File.WriteAllText(CaPath, Pem);
    }

    public string Folder { get; }

    /// <summary>Gets the authority's certificate.</summary>
    public string Pem { get; }

    /// <summary>Gets the file that a client trusts, in a folder of its own.</summary>
    public string CaPath { get; }

    /// <summary>Puts other content in place of a file, at once.</summary>
    public static void Replace(string path, string content)
    {
        var draft = $"{Path.GetDirectoryName(path)}.draft";
        File.WriteAllText(draft, content);
        File.Move(draft, path, overwrite: true);
    }

    /// <summary>Writes another copy of the authority, for a process whose reads are not to be counted.</summary>
    public string CopyCa(string name)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, Pem);
        return path;
    }

    /// <summary>Issues a certificate for a server on loopback.</summary>
    /// <param name="name">Its subject, and the name of its files.</param>
    /// <param name="validity">How long it lives from now; as long as the authority without.</param>
    public CertificateFiles IssueServer(string name, TimeSpan? validity = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        return Issue(name, ServerUsage, names.Build(), validity);
    }

    /// <summary>Issues a certificate with which a client identifies itself.</summary>
    public CertificateFiles IssueClient(string name) => Issue(name, ClientUsage, null);

    public void Dispose() => _authority.Dispose();

    private CertificateFiles Issue(string name, string usage, X509Extension? names, TimeSpan? validity = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        using var certificate = request.Create(_authority, _authority.NotBefore, validity is { } time ? DateTimeOffset.UtcNow + time : _authority.NotAfter, serial);
        var files = new CertificateFiles(Path.Combine(Folder, $"{name}.pem"), Path.Combine(Folder, $"{name}.key"));
        File.WriteAllText(files.CertificatePath, certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(files.KeyPath, key.ExportPkcs8PrivateKeyPem() + "\n");
        return files;
    }
}
