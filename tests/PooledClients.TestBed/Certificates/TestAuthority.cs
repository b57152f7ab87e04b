using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.TestBed.Certificates;

/// <summary>A certificate authority made on the fly, and what it issues. ECDSA P-256 throughout: quick to make.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");
    private static readonly Lazy<TestAuthority> SharedAuthority = new(() => new TestAuthority());

    public TestAuthority(string name = "Test authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        Certificate = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(365));
    }

    /// <summary>Gets the authority of the tests that do not care which.</summary>
    public static TestAuthority Shared => SharedAuthority.Value;

    public X509Certificate2 Certificate { get; }

    /// <summary>Gets the authority's certificate, without its key, as PEM text.</summary>
    public string Pem => Certificate.ExportCertificatePem();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Issues a server certificate for <paramref name="hosts"/>; for <c>localhost</c> and the loopback addresses when none is named.</summary>
    public X509Certificate2 IssueServer(params string[] hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts is [] ? ["localhost", "127.0.0.1", "::1"] : hosts)
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

        return Issue("CN=Test server", ServerAuthentication, names.Build());
    }

    /// <summary>Issues a client certificate whose common name is <paramref name="name"/>.</summary>
    public X509Certificate2 IssueClient(string name) => Issue($"CN={name}", ClientAuthentication, names: null);

    public void Dispose() => Certificate.Dispose();

    private X509Certificate2 Issue(string subject, Oid usage, X509Extension? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], critical: false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        var serial = RandomNumberGenerator.GetBytes(16);
        using var issued = request.Create(Certificate, Now.AddHours(-1), Now.AddDays(180), serial);
        return issued.CopyWithPrivateKey(key);
    }
}
