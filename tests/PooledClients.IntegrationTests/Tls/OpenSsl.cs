using System.Diagnostics;
using PooledClients.TestBed.Files;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>The <c>openssl</c> command, for keys that .NET cannot make.</summary>
internal static class OpenSsl
{
    /// <summary>A server certificate for <c>localhost</c> with an Ed25519 key, its key, and its root, all PEM.</summary>
    public static async Task<(string Certificate, string Key, string Root)> CreateEd25519Async(TempFolder folder)
    {
        string root = folder.PathOf("ed-root.pem"), rootKey = folder.PathOf("ed-root.key");
        string leaf = folder.PathOf("ed-leaf.pem"), leafKey = folder.PathOf("ed-leaf.key");
        await RunAsync(
            "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "100", "-subj", "/CN=Ed root", "-keyout", rootKey, "-out", root);
        await RunAsync(
            "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "90", "-subj", "/CN=localhost", "-keyout", leafKey, "-out", leaf,
            "-CA", root, "-CAkey", rootKey, "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE");
        return (await File.ReadAllTextAsync(leaf), await File.ReadAllTextAsync(leafKey), await File.ReadAllTextAsync(root));
    }

    private static async Task RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
    }
}
