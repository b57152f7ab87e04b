using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PooledClients.TestBed.Certificates;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tests.Tls.Certificates;

public sealed class IdentityLoaderTests : IDisposable
{
    private const string Password = "correct horse";

    // .NET can read such a certificate, but neither make it nor use its key.
    private const string Ed25519Certificate =
        """
        -----BEGIN CERTIFICATE-----
        MIIBLjCB4aADAgECAhQ9lw6lhqgVroEwMM+UqB0QiZ8nVjAFBgMrZXAwDTELMAkG
        A1UEAwwCZWQwHhcNMjYxMTIyMTg1MDI2WhcNMzYxMTE5MTg1MDI2WjANMQswCQYD
        VQQDDAJlZDAqMAUGAytlcAMhAPVbPyDYnmIEyP+2G0ogPPyBl46t0F/IBeznqZvi
        C+iGo1MwUTAdBgNVHQ4EFgQUVVNokIGGCrcMyNMnv0bFW/Ou6xswHwYDVR0jBBgw
        FoAUVVNokIGGCrcMyNMnv0bFW/Ou6xswDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
        QQBxoMamMJafmJtU5gSChwDR7Tble3BGoBSHpIgHW/Tix9Bp9U1tE5pTLlZhLPtb
        37JQIamErrV1Jb8vrVsqVaAO
        -----END CERTIFICATE-----
        """;

    private static readonly X509Certificate2 Root = TestCertificates.CreateAuthority();
    private static readonly X509Certificate2 Intermediate = TestCertificates.CreateAuthority("Intermediate", Root);

    private readonly TlsHarness _tls = new();
    private readonly X509Certificate2 _client = TestCertificates.IssueClient(Intermediate);

    public void Dispose() => _tls.Dispose();

    [Fact]
    public void Load_CertificateAndKeyInOneFile_SendsTheIntermediateToo()
    {
        var identity = Load(Pem(_client, Intermediate) + TestCertificates.KeyToPem(_client));

        Assert.Equal(_client.Thumbprint, identity.Thumbprint);
        Assert.True(identity.Certificate.HasPrivateKey);
        Assert.Equal([Intermediate.Thumbprint], identity.Context.IntermediateCertificates.Select(static certificate => certificate.Thumbprint));
    }

    [Fact]
    public void Load_KeyBeforeCertificate_Works() =>
        Assert.Equal(_client.Thumbprint, Load(TestCertificates.KeyToPem(_client) + Pem(_client)).Thumbprint);

    [Fact]
    public void Load_KeyInItsOwnFile_Works() => Assert.Equal(_client.Thumbprint, Load(Pem(_client), TestCertificates.KeyToPem(_client)).Thumbprint);

    [Fact]
    public void Load_EncryptedKey_OpensWithThePassword() =>
        Assert.Equal(_client.Thumbprint, Load(Pem(_client), TestCertificates.KeyToPem(_client, Password), Password).Thumbprint);

    [Fact]
    public void Load_RsaKey_Works()
    {
        var client = TestCertificates.Create(CertificateTemplate.Client("rsa") with { CreateKey = static () => RSA.Create(2048) }, Root);

        Assert.Equal(client.Thumbprint, Load(Pem(client) + TestCertificates.KeyToPem(client)).Thumbprint);
    }

    [Theory]
    [InlineData(".pfx", Password)]
    [InlineData(".p12", null)]
    public void Load_Pfx_SendsTheIntermediateToo(string extension, string? password)
    {
        var path = _tls.Folder.PathOf("client" + extension);
        File.WriteAllBytes(path, TestCertificates.ToPfx(_client, password, Intermediate));

        var identity = _tls.Context(options => (options.ClientCertificatePath, options.ClientKeyPassword) = (path, password)).Identity!;

        Assert.Equal(_client.Thumbprint, identity.Thumbprint);
        Assert.Equal([Intermediate.Thumbprint], identity.Context.IntermediateCertificates.Select(static certificate => certificate.Thumbprint));
    }

    [Fact]
    public void Load_OtherKey_NamesTheKeyFileAndTheLine()
    {
        var error = Refused(Pem(_client), TestCertificates.KeyToPem(TestCertificates.IssueClient(Root)));

        Assert.Equal(nameof(TlsOptions.ClientKeyPath), error.OptionName);
        Assert.Contains($"line 1: the private key is damaged, or is not the key of certificate {_client.Thumbprint}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EncryptedKeyWithoutPassword_AsksForIt() =>
        Assert.Contains("set ClientKeyPassword", Refused(Pem(_client), TestCertificates.KeyToPem(_client, Password)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_WrongPassword_SaysSoWithoutIt()
    {
        var error = Refused(Pem(_client), TestCertificates.KeyToPem(_client, Password), "wrong horse");

        Assert.Contains("does not open with ClientKeyPassword", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("horse", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoKey_AsksForIt()
    {
        Assert.Contains("set ClientKeyPath", Refused(Pem(_client)).Message, StringComparison.Ordinal);
        Assert.Equal(nameof(TlsOptions.ClientKeyPath), Refused(Pem(_client), Pem(_client)).OptionName);
    }

    [Fact]
    public void Load_NoCertificate_IsRefused() =>
        Assert.Contains("it holds no certificate", Refused(TestCertificates.KeyToPem(_client)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_Ed25519Key_IsRefusedInPlainWords() => Assert.Contains(
        "the certificate's key is of the kind Ed25519, which .NET cannot use to identify a client; issue it with an ECDSA (P-256) or RSA key",
        Refused(Ed25519Certificate).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Load_PfxCutOrWithAWrongPassword_IsRefused()
    {
        var path = _tls.Folder.PathOf("client.pfx");
        var pfx = TestCertificates.ToPfx(_client, Password);
        File.WriteAllBytes(path, pfx);
        Assert.Contains("ClientKeyPassword", RefusedAt(path, null, "wrong").Message, StringComparison.Ordinal);

        File.WriteAllBytes(path, pfx[..^10]);
        Assert.Contains("damaged", RefusedAt(path, null, Password).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_EveryCut_IsRefused()
    {
        var whole = Pem(_client) + TestCertificates.KeyToPem(_client).TrimEnd('\n');
        var path = _tls.Folder.PathOf("client.pem");

        for (var length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllText(path, whole[..length]);
            RefusedAt(path, null, null);
        }
    }

    private static string Pem(params X509Certificate2[] certificates) => TestCertificates.ToPem(certificates);

    private ClientIdentity Load(string certificate, string? key = null, string? password = null)
    {
        var path = _tls.Folder.Write("client.pem", certificate);
        var keyPath = key is null ? null : _tls.Folder.Write("client.key", key);
        return _tls.Context(options => (options.ClientCertificatePath, options.ClientKeyPath, options.ClientKeyPassword) = (path, keyPath, password)).Identity!;
    }

    private TlsConfigurationException Refused(string certificate, string? key = null, string? password = null) =>
        Assert.Throws<TlsConfigurationException>(() => Load(certificate, key, password));

    private TlsConfigurationException RefusedAt(string path, string? keyPath, string? password) => Assert.Throws<TlsConfigurationException>(() => _tls.Context(
        options => (options.ClientCertificatePath, options.ClientKeyPath, options.ClientKeyPassword) = (path, keyPath, password)));
}
