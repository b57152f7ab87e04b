using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PooledClients.TestBed.Certificates;
using PooledClients.Tls.Handshakes;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>The matrix: servers to refuse, with the reason, and servers to accept.</summary>
internal static class ServerCases
{
    private static readonly X509Certificate2 Root = TestCertificates.CreateAuthority("Root");
    private static readonly X509Certificate2 OtherRoot = TestCertificates.CreateAuthority("Other root");
    private static readonly X509Certificate2 RsaRoot = TestCertificates.Create(CertificateTemplate.Authority("RSA root") with { CreateKey = Rsa(2048) });
    private static readonly X509Certificate2 Intermediate = TestCertificates.CreateAuthority("Intermediate", Root);

    public static readonly IReadOnlyDictionary<string, Func<ServerCase>> Refused = new Dictionary<string, Func<ServerCase>>
    {
        ["expired"] = () => Bad(new() { ValidFrom = Days(-20), ValidTo = Days(-1) }, TrustFailure.Expired, "expired at"),
        ["not yet valid"] = () => Bad(new() { ValidFrom = Days(1), ValidTo = Days(20) }, TrustFailure.NotYetValid, "is not valid before"),
        ["wrong host"] = () => Bad(new() { Hosts = ["elsewhere.test"] }, TrustFailure.WrongHost, "not for host 'localhost' but for 'elsewhere.test'"),
        ["IP address, names only"] = () => Bad(new() { Hosts = ["localhost"] }, TrustFailure.WrongHost, "'127.0.0.1'") with { Host = "127.0.0.1" },
        ["IP address, no alternative name"] = () =>
            Bad(new() { Subject = "CN=127.0.0.1", Hosts = [] }, TrustFailure.WrongHost, "no subject alternative name") with { Host = "127.0.0.1" },
        ["IP address, other address"] = () => Bad(new() { Hosts = ["127.0.0.2"] }, TrustFailure.WrongHost, "'127.0.0.2'") with { Host = "127.0.0.1" },
        ["IP address as a DNS name"] = () =>
            Bad(new() { Extensions = [DnsName("127.0.0.1")], Hosts = [] }, TrustFailure.WrongHost, "'127.0.0.1'") with { Host = "127.0.0.1" },
        ["name, no alternative name"] = () => Bad(new() { Hosts = [] }, TrustFailure.WrongHost, "no subject alternative name"),
        ["common name beside an alternative name"] = () =>
            Bad(new() { Subject = "CN=localhost", Hosts = ["elsewhere.test"] }, TrustFailure.WrongHost, "'elsewhere.test'"),
        ["wildcard two labels deep"] = () =>
            Bad(new() { Hosts = ["*.example.test"] }, TrustFailure.WrongHost, "'*.example.test'") with { Host = "a.b.example.test" },
        ["wildcard for its own domain"] = () =>
            Bad(new() { Hosts = ["*.example.test"] }, TrustFailure.WrongHost, "'*.example.test'") with { Host = "example.test" },
        ["self-signed"] = () => new ServerCase(TestCertificates.Create(new CertificateTemplate()), [Root])
        { Refused = TrustFailure.UnknownAuthority, Reason = "self-signed" },
        ["wrong CA"] = () => Bad(new(), TrustFailure.UnknownAuthority, "the issuer of", issuer: OtherRoot),
        ["wrong CA, root sent"] = () => Bad(new(), TrustFailure.UnknownAuthority, "Other root", issuer: OtherRoot, intermediates: OtherRoot),
        ["CA of the same name, other key"] = () =>
            Bad(new(), TrustFailure.UnknownAuthority, "CN=Root", issuer: TestCertificates.CreateAuthority("Root")),
        ["intermediate missing"] = () => Bad(new(), TrustFailure.UnknownAuthority, "did not send an intermediate", issuer: Intermediate),
        ["one of two intermediates missing"] = () =>
        {
            var second = TestCertificates.CreateAuthority("Second", Intermediate);
            return Bad(new(), TrustFailure.UnknownAuthority, "the issuer of 'CN=Second'", issuer: second, intermediates: second);
        },
        ["leaf used as CA"] = () =>
        {
            var leaf = TestCertificates.Create(new CertificateTemplate { Subject = "CN=Leaf" }, Root);
            return Bad(new(), TrustFailure.WrongUsage, "may not issue", issuer: leaf, intermediates: leaf);
        },
        ["path length exceeded"] = () =>
        {
            var first = TestCertificates.Create(CertificateTemplate.Authority("First") with { PathLength = 0 }, Root);
            var second = TestCertificates.CreateAuthority("Second", first);
            return Bad(new(), TrustFailure.WrongUsage, "path length", issuer: second, intermediates: [second, first]);
        },
        ["client authentication only"] = () =>
            Bad(new() { Usages = [CertificateTemplate.ClientAuthentication] }, TrustFailure.WrongUsage, "does not allow server authentication"),
        ["code signing only"] = () => Bad(new() { Usages = ["1.3.6.1.5.5.7.3.3"] }, TrustFailure.WrongUsage, "does not allow server authentication"),
        ["intermediate for clients only"] = () => Under(
            CertificateTemplate.Authority("For clients") with { Usages = [CertificateTemplate.ClientAuthentication] },
            TrustFailure.WrongUsage,
            "'CN=For clients' does not allow server authentication"),
        ["intermediate that may not sign certificates"] = () =>
            Under(CertificateTemplate.Authority("No signer") with { KeyUsage = X509KeyUsageFlags.DigitalSignature }, TrustFailure.WrongUsage, "No signer"),
        ["expired intermediate"] = () => Under(
            CertificateTemplate.Authority("Old") with { ValidTo = Days(-1) }, TrustFailure.Expired, "'CN=Old' expired"),
        ["intermediate not yet valid"] = () => Under(
            CertificateTemplate.Authority("Young") with { ValidFrom = Days(1) }, TrustFailure.NotYetValid, "'CN=Young' is not valid before"),
        ["expired root"] = () =>
        {
            var old = TestCertificates.Create(CertificateTemplate.Authority("Old root") with { ValidTo = Days(-1) });
            return Bad(new(), TrustFailure.Expired, "'CN=Old root' expired", issuer: old) with { Trusted = [old] };
        },
        ["RSA 1024"] = () => Bad(new() { CreateKey = Rsa(1024) }, TrustFailure.WeakKey, "an RSA key of 1024 bits") with { ByOpenSsl = true },
        ["intermediate with EC 224"] = () => Under(
            CertificateTemplate.Authority("Weak") with { CreateKey = EllipticCurve("secp224r1") }, TrustFailure.WeakKey, "'CN=Weak' has an elliptic-curve key of 224 bits"),
        ["intermediate with RSA 1024"] = () => Under(
            CertificateTemplate.Authority("Weak") with { CreateKey = Rsa(1024) }, TrustFailure.WeakKey, "'CN=Weak' has an RSA key of 1024 bits") with
        { ByOpenSsl = true },
        ["root with RSA 1024"] = () =>
        {
            var weak = TestCertificates.Create(CertificateTemplate.Authority("Weak root") with { CreateKey = Rsa(1024) });
            return Bad(new(), TrustFailure.WeakKey, "'CN=Weak root' has an RSA key", issuer: weak) with { Trusted = [weak] };
        },
        ["signature over SHA-1"] = () => Bad(new() { Hash = HashAlgorithmName.SHA1 }, TrustFailure.WeakSignature, "SHA-1", issuer: RsaRoot) with { ByOpenSsl = true },
        ["ECDSA signature over SHA-1"] = () => Bad(new() { Hash = HashAlgorithmName.SHA1 }, TrustFailure.WeakSignature, "SHA-1") with { ByOpenSsl = true },
        ["PSS signature over SHA-1"] = () => Bad(
            new() { Hash = HashAlgorithmName.SHA1, Padding = RSASignaturePadding.Pss }, TrustFailure.WeakSignature, "SHA-1", issuer: RsaRoot) with
        { ByOpenSsl = true },
        ["signature over MD5"] = () => Bad(new() { Hash = HashAlgorithmName.MD5 }, TrustFailure.WeakSignature, "MD5", issuer: RsaRoot) with { ByOpenSsl = true },
        ["intermediate signed over SHA-1"] = () => Under(
            CertificateTemplate.Authority("Weakly signed") with { Hash = HashAlgorithmName.SHA1 }, TrustFailure.WeakSignature, "'CN=Weakly signed' has a signature over SHA-1") with
        { ByOpenSsl = true },
        ["name outside the constraints"] = () => Under(
            CertificateTemplate.Authority("Constrained") with { Extensions = [PermittedName("example.test")] }, TrustFailure.NameConstraint, "name constraints"),
        ["unknown critical extension"] = () =>
            Bad(new() { Extensions = [new X509Extension("1.3.6.1.4.1.99999.1", [5, 0], critical: true)] }, TrustFailure.Other, "critical extension"),
        ["altered after signing"] = () => Altered(),
        ["revocation not to be found out"] = () =>
            Bad(new(), TrustFailure.RevocationUnknown, "could not be found out") with { RevocationMode = X509RevocationMode.Online },
        ["expired and for another host"] = () =>
            Bad(new() { ValidFrom = Days(-20), ValidTo = Days(-1), Hosts = ["elsewhere.test"] }, TrustFailure.Expired, "not for host 'localhost'"),
    };

    public static readonly IReadOnlyDictionary<string, Func<ServerCase>> Accepted = new Dictionary<string, Func<ServerCase>>
    {
        ["name"] = () => Good(new()),
        ["name in another case"] = () => Good(new() { Hosts = ["LocalHost"] }),
        ["IP address"] = () => Good(new() { Hosts = ["127.0.0.1"] }) with { Host = "127.0.0.1" },
        ["IPv6 address"] = () => Good(new() { Hosts = ["::1"] }) with { Host = "::1" },
        ["wildcard"] = () => Good(new() { Hosts = ["*.example.test"] }) with { Host = "a.example.test" },
        ["no usage at all"] = () => Good(new() { Usages = [] }),
        ["server and client usage"] = () => Good(new() { Usages = [CertificateTemplate.ServerAuthentication, CertificateTemplate.ClientAuthentication] }),
        ["intermediate sent"] = () => Good(new(), Intermediate, Intermediate),
        ["intermediate sent with the root"] = () => Good(new(), Intermediate, Intermediate, Root),
        ["intermediate in the CA file"] = () => Good(new(), Intermediate) with { Trusted = [Intermediate, Root] },
        ["two intermediates sent"] = () =>
        {
            var second = TestCertificates.CreateAuthority("Second", Intermediate);
            return Good(new(), second, second, Intermediate);
        },
        ["cross-signed"] = () =>
        {
            // The new root's key, also signed by the old root, which is the only one trusted.
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var template = CertificateTemplate.Authority("New root") with { CreateKey = () => key };
            var cross = TestCertificates.Create(template, Root);
            return Good(new(), TestCertificates.Create(template), cross);
        },
        ["one trusted root of three"] = () => Good(new()) with { Trusted = [OtherRoot, Root, RsaRoot] },
        ["beside an expired root"] = () => Good(new()) with
        {
            Trusted = [TestCertificates.Create(CertificateTemplate.Authority("Old root") with { ValidTo = Days(-1) }), Root],
        },
        ["self-signed and trusted itself"] = () =>
        {
            var leaf = TestCertificates.Create(new CertificateTemplate());
            return new ServerCase(leaf, [leaf]);
        },
        ["ECDSA P-384"] = () => Good(new() { CreateKey = EllipticCurve("secp384r1") }),
        ["RSA 2048"] = () => Good(new() { CreateKey = Rsa(2048) }, RsaRoot) with { Trusted = [RsaRoot] },
        ["RSA under an ECDSA root"] = () => Good(new() { CreateKey = Rsa(2048) }),
        ["PSS signature over SHA-256"] = () => Good(new() { Padding = RSASignaturePadding.Pss }, RsaRoot) with { Trusted = [RsaRoot] },
        ["root signed over SHA-1"] = () =>
        {
            var root = TestCertificates.Create(
                CertificateTemplate.Authority("SHA-1 root") with { CreateKey = Rsa(2048), Hash = HashAlgorithmName.SHA1 });
            return Good(new(), root) with { Trusted = [root] };
        },
    };

    private static ServerCase Bad(
        CertificateTemplate template, TrustFailure failure, string reason, X509Certificate2? issuer = null, params X509Certificate2[] intermediates) =>
        new(TestCertificates.Create(template, issuer ?? Root), [Root, RsaRoot]) { Intermediates = intermediates, Refused = failure, Reason = reason };

    private static ServerCase Under(CertificateTemplate intermediate, TrustFailure failure, string reason)
    {
        var issuer = TestCertificates.Create(intermediate, RsaRoot);
        return Bad(new CertificateTemplate { ValidTo = Days(100) }, failure, reason, issuer, issuer);
    }

    private static ServerCase Good(CertificateTemplate template, X509Certificate2? issuer = null, params X509Certificate2[] intermediates) =>
        new(TestCertificates.Create(template, issuer ?? Root), [Root]) { Intermediates = intermediates };

    private static ServerCase Altered()
    {
        var good = TestCertificates.IssueServer(Root);
        var bytes = good.RawData;
        bytes[^1] ^= 1;
        var altered = X509CertificateLoader.LoadCertificate(bytes).CopyWithPrivateKey((ECDsa)TestCertificates.KeyOf(good));
        return new ServerCase(altered, [Root]) { Refused = TrustFailure.BadSignature, Reason = "signature" };
    }

    private static TimeSpan Days(int days) => TimeSpan.FromDays(days);

    private static Func<AsymmetricAlgorithm> Rsa(int bits) => () => RSA.Create(bits);

    private static Func<AsymmetricAlgorithm> EllipticCurve(string name) => () => ECDsa.Create(ECCurve.CreateFromFriendlyName(name));

    private static X509Extension DnsName(string name)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        return names.Build();
    }

    /// <summary>Name constraints (RFC 5280, 4.2.1.10) that permit one DNS domain.</summary>
    private static X509Extension PermittedName(string domain)
    {
        var name = System.Text.Encoding.ASCII.GetBytes(domain);
        byte[] subtree = [0x30, (byte)(name.Length + 2), 0x82, (byte)name.Length, .. name];
        return new X509Extension("2.5.29.30", [0x30, (byte)(subtree.Length + 2), 0xA0, (byte)subtree.Length, .. subtree], critical: true);
    }
}
