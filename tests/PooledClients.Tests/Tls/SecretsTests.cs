using PooledClients.Diagnostics;
using PooledClients.TestBed.Certificates;
using PooledClients.Tls;
using PooledClients.Tls.Files;

namespace PooledClients.Tests.Tls;

public sealed class SecretsTests : IDisposable
{
    private const string Password = "correct horse battery staple";

    private readonly TlsHarness _tls = new();
    private readonly List<string> _texts = [];

    public void Dispose() => _tls.Dispose();

    [Theory]
    [InlineData("Too many open files : '/keys/client.key'")]
    [InlineData("The process cannot access the file '/keys/client.key' because it is being used by another process.")]
    public void Unreadable_WithAPathInTheSystemsWords_DoesNotNameIt(string words)
    {
        var refusal = TlsContentException.Unreadable(new IOException(words), "/keys/client.key", 1);

        Assert.Contains("the file could not be read (", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("/keys", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_SaidOfKeysAndPasswords_HoldsNothingOfThem()
    {
        var root = TestCertificates.CreateAuthority();
        var client = TestCertificates.IssueClient(root);
        var other = TestCertificates.IssueClient(root);
        var key = TestCertificates.KeyToPem(client, Password);
        var clear = TestCertificates.KeyToPem(client);
        var foreign = TestCertificates.KeyToPem(other);
        var certificate = TestCertificates.ToPem(client);

        // Every way to fail at start, and then every way to fail by a change.
        var caPath = _tls.Folder.Write("ca.pem", TestCertificates.ToPem(root) + clear);
        Try(options => options.CaCertificatePath = caPath);
        var certificatePath = _tls.Folder.Write("client.pem", certificate);
        var keyPath = _tls.Folder.PathOf("client.key");
        foreach (var content in new[] { foreign, clear[..^60], clear[..60], key[..^60], clear + foreign, "-----BEGIN " + clear })
        {
            File.WriteAllText(keyPath, content);
            Try(options => (options.ClientCertificatePath, options.ClientKeyPath, options.ClientKeyPassword) = (certificatePath, keyPath, Password));
        }

        File.WriteAllText(keyPath, key);
        Try(options => (options.ClientCertificatePath, options.ClientKeyPath, options.ClientKeyPassword) = (certificatePath, keyPath, Password + "!"));
        Try(options => (options.ClientCertificatePath, options.ClientKeyPath, options.ClientKeyPassword) = (certificatePath, keyPath, Password));
        foreach (var content in new[] { foreign, clear[..^60], key[..^60], clear })
        {
            File.WriteAllText(keyPath, content);
            _tls.Poll();
        }

        var snapshot = new SnapshotBuilder();
        _tls.Snapshot.AddTo(snapshot);
        _texts.AddRange(snapshot.Certificates.Select(static c => string.Join(' ', c.Use, c.Source, c.Subject, c.Thumbprint, c.LastRefusal)));
        _texts.AddRange(snapshot.CertificateFiles.Select(static f => string.Join(' ', f.Use, f.Path, f.LastRefusal)));
        _texts.AddRange(_tls.Log.Select(static record => record.ToString()));
        _texts.AddRange(_tls.Log.Select(static record => string.Join(' ', record.StructuredState ?? [])));

        Assert.True(_texts.Count > 20);
        foreach (var secret in Secrets(key, clear, foreign))
        {
            Assert.DoesNotContain(_texts, text => text.Contains(secret, StringComparison.Ordinal));
        }
    }

    /// <summary>The password, and every run of 16 characters of a key.</summary>
    private static IEnumerable<string> Secrets(params string[] keys) => keys
        .SelectMany(static pem => pem.Split('\n').Where(static line => !line.StartsWith('-')))
        .SelectMany(static line => line.Chunk(16).Where(static run => run.Length == 16).Select(static run => new string(run)))
        .Append(Password);

    private void Try(Action<TlsOptions> configure)
    {
        try
        {
            _texts.Add(_tls.Context(configure).ToString()!);
        }
        catch (TlsConfigurationException e)
        {
            _texts.Add(e.ToString());
        }
    }
}
