using Microsoft.Extensions.Logging;
using PooledClients.TestBed.Certificates;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;

namespace PooledClients.Tests.Tls;

public sealed class TlsRegistryRotationTests : IDisposable
{
    private readonly TlsHarness _tls = new();

    public static TheoryData<FileChange> Changes => [.. Enum.GetValues<FileChange>()];

    public void Dispose() => _tls.Dispose();

    [Theory]
    [MemberData(nameof(Changes))]
    public void Poll_GoodChange_IsUsedAndToldOnce(FileChange change)
    {
        var file = new ChangingFile(_tls.Folder, change, TlsHarness.Bundle("one"));
        var context = _tls.Context(options => options.CaCertificatePath = file.Path);
        var changes = 0;
        context.OnChange(() => changes++);

        for (var i = 2; i < 5; i++)
        {
            file.Change(TlsHarness.Bundle($"root {i}"));
            _tls.Poll();
            _tls.Poll();

            Assert.Equal($"CN=root {i}", Assert.Single(context.Trust!.Certificates).Subject);
            Assert.Equal(i - 1, changes);
            Assert.Equal(i, _tls.Registry.CaReads);
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void Poll_BadChange_KeepsTheLastGoodAndCountsOneRead(FileChange change)
    {
        var good = TlsHarness.Bundle("one");
        var file = new ChangingFile(_tls.Folder, change, good);
        var context = _tls.Context(options => options.CaCertificatePath = file.Path);
        var changes = 0;
        context.OnChange(() => changes++);

        file.Change(good[..^40]);
        _tls.Poll();
        _tls.Poll();

        Assert.Equal("CN=one", Assert.Single(context.Trust!.Certificates).Subject);
        Assert.Equal(0, changes);
        Assert.Equal(2, _tls.Registry.CaReads);
        var line = Assert.Single(_tls.Log, static record => record.Level == LogLevel.Warning);
        Assert.Contains(file.Path, line.Message, StringComparison.Ordinal);
        Assert.Contains("the 1 certificates read last stay in use: line ", line.Message, StringComparison.Ordinal);

        file.Change(TlsHarness.Bundle("two"));
        _tls.Poll();

        Assert.Equal("CN=two", Assert.Single(context.Trust!.Certificates).Subject);
        Assert.Equal(1, changes);
        Assert.Equal(3, _tls.Registry.CaReads);
    }

    [Fact]
    public void Poll_GoodAndBadChangesMixed_ReadsOncePlusOncePerChange()
    {
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("zero"));
        var context = _tls.Context(options => options.CaCertificatePath = path);
        var changes = 0;
        context.OnChange(() => changes++);

        for (var i = 1; i <= 20; i++)
        {
            var bundle = TlsHarness.Bundle($"root {i}");
            File.WriteAllText(path, i % 3 == 0 ? bundle[..^(i + 1)] : bundle);
            _tls.Poll();
        }

        Assert.Equal(1 + 20, _tls.Registry.CaReads);
        Assert.Equal(20 - (20 / 3), changes);
        Assert.Equal("CN=root 20", Assert.Single(context.Trust!.Certificates).Subject);
    }

    [Fact]
    public void Poll_FileTouched_ReadsNothingNew()
    {
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("one"));
        var context = _tls.Context(options => options.CaCertificatePath = path);
        var before = context.Trust!;

        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        _tls.Poll();

        Assert.Same(before, context.Trust);
        Assert.Equal(1, _tls.Registry.CaReads);
        Assert.Single(_tls.Log);
    }

    [Fact]
    public void Poll_CutBetweenCertificates_LoadsTheSmallerBundleAndNamesWhatWent()
    {
        var roots = Enumerable.Range(1, 3).Select(static i => TestCertificates.CreateAuthority($"Root {i}")).ToArray();
        var path = _tls.Folder.Write("ca.pem", TestCertificates.ToPem(roots));
        var context = _tls.Context(options => options.CaCertificatePath = path);

        File.WriteAllText(path, TestCertificates.ToPem(roots[..2]));
        _tls.Poll();

        Assert.Equal(2, context.Trust!.Certificates.Length);
        Assert.Equal(
            $"CA file {path} changed: 3 certificates before, 2 now; came: none; went: {roots[2].Thumbprint}.", _tls.NewestLine);
    }

    [Fact]
    public void Poll_FileGoneAndBack_IsToldOnceAndNotRead()
    {
        var content = TlsHarness.Bundle("one");
        var path = _tls.Folder.Write("ca.pem", content);
        var context = _tls.Context(options => options.CaCertificatePath = path);

        File.Delete(path);
        _tls.Poll();
        _tls.Poll();
        _tls.Poll();

        Assert.Contains("does not exist", Assert.Single(_tls.Log, static record => record.Level == LogLevel.Warning).Message, StringComparison.Ordinal);
        Assert.NotNull(context.Trust);

        File.WriteAllText(path, content);
        _tls.Poll();

        Assert.Equal(1, _tls.Registry.CaReads);
        Assert.Contains("holds again", _tls.NewestLine, StringComparison.Ordinal);
    }

    [Fact]
    public void Poll_StillBeingWritten_WaitsUntilItIsStill()
    {
        string[] blocks = [TlsHarness.Bundle("one"), TlsHarness.Bundle("two"), TlsHarness.Bundle("three")];
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("old"));
        var context = _tls.Context(options => options.CaCertificatePath = path);

        // cat one two three > ca.pem, slowly: each state but the last is a valid smaller bundle.
        File.WriteAllText(path, blocks[0]);
        _tls.Time.Advance(TimeSpan.FromSeconds(60));
        File.AppendAllText(path, blocks[1]);
        _tls.Time.Advance(WatchedFiles.Settle);
        File.AppendAllText(path, blocks[2]);
        _tls.Time.Advance(WatchedFiles.Settle);

        Assert.Equal(1, _tls.Registry.CaReads);

        _tls.Time.Advance(WatchedFiles.Settle);

        Assert.Equal(3, context.Trust!.Certificates.Length);
        Assert.Equal(2, _tls.Registry.CaReads);
    }

    [Fact]
    public void Poll_CertificateBeforeItsKey_WaitsForTheKey()
    {
        var root = TestCertificates.CreateAuthority();
        var (old, renewed) = (TestCertificates.IssueClient(root), TestCertificates.IssueClient(root));
        var certificatePath = _tls.Folder.Write("tls.crt", TestCertificates.ToPem(old));
        var keyPath = _tls.Folder.Write("tls.key", TestCertificates.KeyToPem(old));
        var context = _tls.Context(options => (options.ClientCertificatePath, options.ClientKeyPath) = (certificatePath, keyPath));

        File.WriteAllText(certificatePath, TestCertificates.ToPem(renewed));
        _tls.Poll();

        Assert.Equal(old.Thumbprint, context.Identity!.Thumbprint);
        Assert.Contains("is not the key of certificate", _tls.NewestLine, StringComparison.Ordinal);

        File.WriteAllText(keyPath, TestCertificates.KeyToPem(renewed));
        _tls.Poll();

        Assert.Equal(renewed.Thumbprint, context.Identity!.Thumbprint);
        Assert.Equal(renewed.Thumbprint, Assert.Single(_tls.Inventory.Capture()).Thumbprint);
    }

    [Fact]
    public void Poll_CaAndIdentitySwappedTogether_TellsOnce()
    {
        var root = TestCertificates.CreateAuthority();
        var caPath = _tls.Folder.Write("ca.pem", TestCertificates.ToPem(root));
        var clientPath = _tls.Folder.PathOf("client.pem");
        WriteIdentity();
        var context = _tls.Context(options => (options.CaCertificatePath, options.ClientCertificatePath) = (caPath, clientPath));
        var changes = 0;
        using var subscription = context.OnChange(() => changes++);

        File.WriteAllText(caPath, TlsHarness.Bundle("new"));
        WriteIdentity();
        _tls.Poll();

        Assert.Equal(1, changes);

        subscription.Dispose();
        WriteIdentity();
        _tls.Poll();

        Assert.Equal(1, changes);

        void WriteIdentity()
        {
            var client = TestCertificates.IssueClient(root);
            File.WriteAllText(clientPath, TestCertificates.ToPem(client) + TestCertificates.KeyToPem(client));
        }
    }

    [Fact]
    public void Poll_CallbackThrows_OthersAreToldAndTheLookGoesOn()
    {
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("one"));
        var context = _tls.Context(options => options.CaCertificatePath = path);
        var changes = 0;
        context.OnChange(static () => throw new InvalidOperationException("no"));
        context.OnChange(() => changes++);

        foreach (var name in new[] { "two", "three" })
        {
            File.WriteAllText(path, TlsHarness.Bundle(name));
            _tls.Poll();
        }

        Assert.Equal(2, changes);
        Assert.Equal(2, _tls.Log.Count(static record => record.Level == LogLevel.Error));
    }

    [Fact]
    public void Poll_ByTheShortestIntervalOfAllUsers_LooksThatOften()
    {
        var path = _tls.Folder.Write("ca.pem", TlsHarness.Bundle("one"));
        var slow = _tls.Context(options => options.CaCertificatePath = path);
        var fast = _tls.Context(options => (options.CaCertificatePath, options.ReloadInterval) = (path, TimeSpan.FromSeconds(1)));

        File.WriteAllText(path, TlsHarness.Bundle("two"));
        _tls.Time.Advance(TimeSpan.FromSeconds(1));
        _tls.Time.Advance(WatchedFiles.Settle);

        Assert.Same(slow, fast);
        Assert.Equal("CN=two", Assert.Single(slow.Trust!.Certificates).Subject);
    }
}
