using System.Security.Cryptography.X509Certificates;
using PooledClients.TestBed.Certificates;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;

namespace PooledClients.Tests.Tls;

public sealed class TlsRegistryTests : IDisposable
{
    private readonly TlsHarness _tls = new();

    public void Dispose() => _tls.Dispose();

    [Fact]
    public void GetOrAdd_SameContent_GivesTheSameInstance()
    {
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("one"));

        var contexts = Enumerable.Range(0, 10).Select(_ => _tls.Context(options => options.CaCertificatePath = path)).ToArray();

        Assert.Single(contexts.Distinct());
        Assert.Equal(1, _tls.Registry.CaReads);
    }

    [Fact]
    public void GetOrAdd_ByManyThreads_ReadsOnce()
    {
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("one"));
        var contexts = new TlsContext[64];

        Parallel.For(0, contexts.Length, i => contexts[i] = _tls.Context(options => options.CaCertificatePath = path));

        Assert.Single(contexts.Distinct());
        Assert.Equal(1, _tls.Registry.CaReads);
    }

    [Fact]
    public void GetOrAdd_SameCaOtherIdentity_SharesOneReadOfTheCa()
    {
        var root = TestCertificates.CreateAuthority();
        var caPath = _tls.Folder.Write("ca.pem", TestCertificates.ToPem(root));
        string[] identities =
        [
            .. Enumerable.Range(1, 2).Select(i =>
            {
                var client = TestCertificates.IssueClient(root, $"client {i}");
                return _tls.Folder.Write($"client{i}.pem", TestCertificates.ToPem(client) + TestCertificates.KeyToPem(client));
            }),
        ];

        var contexts = identities.Select(path => _tls.Context(
            options => (options.CaCertificatePath, options.ClientCertificatePath) = (caPath, path))).ToArray();

        Assert.NotSame(contexts[0], contexts[1]);
        Assert.Same(contexts[0].Trust, contexts[1].Trust);
        Assert.Equal(1, _tls.Registry.CaReads);
        Assert.Equal(3, _tls.Registry.CaptureFiles().Length);

        File.WriteAllText(caPath, TlsHarness.Bundle("other"));
        _tls.Poll();

        Assert.Equal("CN=other", Assert.Single(contexts[1].Trust!.Certificates).Subject);
        Assert.Equal(2, _tls.Registry.CaReads);
    }

    [Fact]
    public void GetOrAdd_OtherRevocationMode_GivesAnotherContext()
    {
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("one"));

        var one = _tls.Context(options => options.CaCertificatePath = path);
        var other = _tls.Context(options => (options.CaCertificatePath, options.RevocationMode) = (path, X509RevocationMode.Offline));

        Assert.NotSame(one, other);
    }

    [Fact]
    public void GetOrAdd_CaAsText_TrustsIt()
    {
        var context = _tls.Context(static options => options.CaCertificatePem = TlsHarness.Bundle("one"));

        Assert.Equal("CN=one", Assert.Single(context.Trust!.Certificates).Subject);
        Assert.Equal(0, _tls.Registry.CaReads);
    }

    [Fact]
    public void CreateAuthenticationOptions_EachTime_GivesAFreshPolicyThatChecksEverything()
    {
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("one"));
        var context = _tls.Context(options => options.CaCertificatePath = path);

        var first = context.CreateAuthenticationOptions();
        var second = context.CreateAuthenticationOptions();

        Assert.NotSame(first.CertificateChainPolicy, second.CertificateChainPolicy);
        Assert.Equal(X509ChainTrustMode.CustomRootTrust, first.CertificateChainPolicy!.TrustMode);
        Assert.True(first.CertificateChainPolicy.DisableCertificateDownloads);
        Assert.Equal(X509VerificationFlags.NoFlag, first.CertificateChainPolicy.VerificationFlags);
        Assert.Equal("1.3.6.1.5.5.7.3.1", Assert.Single(first.CertificateChainPolicy.ApplicationPolicy.Cast<System.Security.Cryptography.Oid>()).Value);
        Assert.NotNull(first.RemoteCertificateValidationCallback);
    }

    [Fact]
    public void GetOrAdd_NoOptions_TrustsTheSystem()
    {
        var context = _tls.Context(static _ => { });

        Assert.Null(context.Trust);
        Assert.Equal(X509ChainTrustMode.System, context.CreateAuthenticationOptions().CertificateChainPolicy!.TrustMode);
    }

    [Theory]
    [InlineData("", "CaCertificatePath '{path}': the file is empty; put the whole file back.")]
    [InlineData("hello", "CaCertificatePath '{path}': it holds no certificate; give a PEM file with CERTIFICATE blocks.")]
    [InlineData(
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
        "CaCertificatePath '{path}': line 1: the CERTIFICATE block that begins here has no END marker: the file is cut; put the whole file back.")]
    [InlineData(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "CaCertificatePath '{path}': line 1: the CERTIFICATE block that begins here is not a certificate: it is damaged or cut; put the whole file back.")]
    [InlineData(
        "# mine\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "CaCertificatePath '{path}': line 2: it holds a private key; keep only certificates in a CA file and treat that key as disclosed.")]
    [InlineData(
        "-----END CERTIFICATE-----\n",
        "CaCertificatePath '{path}': line 1: an END CERTIFICATE marker without its BEGIN; put the whole file back.")]
    [InlineData(
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        "CaCertificatePath '{path}': line 1: it holds a X509 CRL block; keep only CERTIFICATE blocks in a CA file.")]
    public void GetOrAdd_BadCaFile_SaysWhereWhatAndTheWayOut(string content, string expected)
    {
        var path = _tls.Folder.Write("ca.pem", content);

        var error = Assert.Throws<TlsConfigurationException>(() => _tls.Context(options => options.CaCertificatePath = path));

        Assert.Equal(nameof(TlsOptions.CaCertificatePath), error.OptionName);
        Assert.Equal(expected.Replace("{path}", path, StringComparison.Ordinal), error.Message);
    }

    [Fact]
    public void GetOrAdd_MissingFolderOrPipe_IsRefusedAtOnce()
    {
        var folder = _tls.Folder.Path;

        Assert.Contains(
            "the file does not exist", Refused(options => options.CaCertificatePath = Path.Combine(folder, "none.pem")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "not a regular file", Refused(options => options.CaCertificatePath = folder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetOrAdd_IntermediatesAlone_IsRefused()
    {
        var intermediate = TestCertificates.CreateAuthority("Intermediate", TestCertificates.CreateAuthority());
        var path = _tls.Folder.Write("ca.pem", TestCertificates.ToPem(intermediate));

        Assert.Contains("is a root", Refused(options => options.CaCertificatePath = path).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetOrAdd_TooLarge_IsRefused()
    {
        var path = _tls.Folder.Write("ca.pem", new string('#', FileContent.MaxBytes + 1));

        Assert.Contains("larger than", Refused(options => options.CaCertificatePath = path).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetOrAdd_OptionsThatExcludeEachOther_NamesTheOneToChange()
    {
        Assert.Equal("CaCertificatePem", Refused(static o => (o.CaCertificatePath, o.CaCertificatePem) = ("a", "b")).OptionName);
        Assert.Equal("ClientKeyPath", Refused(static o => o.ClientKeyPath = "key.pem").OptionName);
        Assert.Equal("ClientKeyPassword", Refused(static o => o.ClientKeyPassword = "secret").OptionName);
        Assert.Equal("ClientKeyPath", Refused(static o => (o.ClientCertificatePath, o.ClientKeyPath) = ("a.pfx", "key.pem")).OptionName);
    }

    [Fact]
    public void GetOrAdd_AfterAFailure_ReadsAgain()
    {
        var path = _tls.Folder.Write("ca.pem", "");
        Refused(options => options.CaCertificatePath = path);

        File.WriteAllText(path, TlsHarness.Bundle("one"));

        Assert.NotNull(_tls.Context(options => options.CaCertificatePath = path).Trust);
    }

    private TlsConfigurationException Refused(Action<TlsOptions> configure) =>
        Assert.Throws<TlsConfigurationException>(() => _tls.Context(configure));
}
