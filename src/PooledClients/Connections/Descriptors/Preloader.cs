using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Descriptors;

/// <summary>
/// Loads ahead what a first connection, or the report of its failure, needs. An assembly that is first needed when no descriptor is
/// left fails to load for good, and so does what the runtime reads only once: the system's authorities, the TLS library, the thread of
/// the sockets. It does without a request, which would show in the application's metrics and traces.
/// </summary>
internal sealed class Preloader(ILogger<Preloader> logger)
{
    // Loaded by the runtime on behalf of the types used here, and not before a first call, a failure or its stack trace.
    private static readonly string[] Assemblies =
    [
        "Google.Protobuf", "Grpc.Core.Api", "Grpc.Net.Client", "Grpc.Net.Common", "Polly.Core",
        "System.Collections", "System.Collections.Concurrent", "System.Collections.Immutable", "System.ComponentModel",
        "System.ComponentModel.Annotations", "System.ComponentModel.TypeConverter", "System.ObjectModel",
        "System.Diagnostics.DiagnosticSource", "System.Diagnostics.StackTrace", "System.Formats.Asn1",
        "System.IO.Compression", "System.IO.MemoryMappedFiles", "System.Linq", "System.Memory", "System.Net.Http", "System.Net.NetworkInformation",
        "System.Net.Quic", "System.Reflection.Metadata", "System.Runtime.InteropServices", "System.Runtime.Numerics",
        "System.Threading", "System.Threading.Channels", "System.Threading.Thread", "System.Threading.ThreadPool",
    ];

    private static int _begun;

    /// <summary>Once a process, however many hosts it has.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _begun, 1) != 0)
        {
            return;
        }

        await TryAsync("assemblies", LoadAssemblies, cancellationToken).ConfigureAwait(false);
        await TryAsync("files", ReadFiles, cancellationToken).ConfigureAwait(false);
        await TryAsync("stack traces", PrintStackTrace, cancellationToken).ConfigureAwait(false);
        await TryAsync("the system's authorities", ReadAuthorities, cancellationToken).ConfigureAwait(false);
        await TryAsync("sockets and TLS", LoopbackHandshake.RunAsync, cancellationToken).ConfigureAwait(false);
    }

    // What cannot be loaded ahead, for whatever reason, is loaded when it is needed.
    private async Task TryAsync(string what, Func<CancellationToken, Task> load, CancellationToken cancellationToken)
    {
        try
        {
            await load(cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A warm-up is no reason to fail.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.PreloadFailed(what, e);
        }
    }

    private Task TryAsync(string what, Action load, CancellationToken cancellationToken) =>
        TryAsync(what, _ => { load(); return Task.CompletedTask; }, cancellationToken);

    /// <summary>The part of it that needs no time worth mentioning, for who cannot wait for a host to start.</summary>
    public static void LoadAssemblies()
    {
        foreach (var name in Assemblies)
        {
            try
            {
                Assembly.Load(name);
            }
            catch (FileNotFoundException)
            {
                // Trimmed or compiled ahead of time: there is nothing to load.
            }
        }
    }

    private static void ReadFiles()
    {
        var file = Directory.EnumerateFiles(AppContext.BaseDirectory).FirstOrDefault();
        using var stream = file is null ? Stream.Null : File.OpenRead(file);
        _ = stream.ReadByte();
    }

    private static void PrintStackTrace()
    {
        try
        {
            throw new IOException();
        }
        catch (IOException e)
        {
            _ = e.ToString();
        }
    }

    private static void ReadAuthorities()
    {
        using var certificate = LoopbackHandshake.CreateCertificate();
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        _ = chain.Build(certificate);
    }
}
