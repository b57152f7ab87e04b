using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tls;

/// <summary>
/// Owns every CA file and client certificate of the process: each is read once, watched by one timer, and shared by all clients that
/// name it.
/// </summary>
internal sealed class TlsRegistry : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, TrustFile> _trustFiles = new(StringComparer.Ordinal);
    private readonly Dictionary<IdentityKey, IdentityFiles> _identityFiles = [];
    private readonly Dictionary<ContextKey, TlsContext> _contexts = [];
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly TlsMetrics _metrics;
    private readonly CertificateInventory _inventory;
    private readonly ITimer _timer;
    private bool _disposed;

    public TlsRegistry(TimeProvider timeProvider, ILogger<TlsRegistry> logger, TlsMetrics metrics, CertificateInventory inventory)
    {
        _metrics = metrics;
        _inventory = inventory;
        _timeProvider = timeProvider;
        _logger = logger;
        _timer = timeProvider.CreateUncapturedTimer(static state => ((TlsRegistry)state!).Poll(), this, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many contents of CA files were read, good or bad.</summary>
    public long CaReads
    {
        get
        {
            lock (_lock)
            {
                return _trustFiles.Values.Sum(static file => file.Reads);
            }
        }
    }

    /// <summary>The context of these options: the same instance for the same content, read at its first use.</summary>
    /// <exception cref="TlsConfigurationException">A file cannot be read or used, or two options exclude each other.</exception>
    public TlsContext GetOrAdd(TlsOptions options)
    {
        Validate(options);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var identityKey = IdentityKey.Of(options);
            var key = new ContextKey(FullPath(options.CaCertificatePath), Hash(options.CaCertificatePem), identityKey, options.RevocationMode);
            if (!_contexts.TryGetValue(key, out var context))
            {
                // The files are kept even when a later one fails: a good CA file is not read again for the next client.
                var trustFile = key.CaPath is null ? null : GetTrustFile(key.CaPath);
                var fixedTrust = options.CaCertificatePem is { } pem ? ParsePem(pem) : null;
                var identityFiles = identityKey is null ? null : GetIdentityFiles(identityKey);
                context = new TlsContext(trustFile, fixedTrust, identityFiles, options.RevocationMode, _metrics, _inventory);
                _contexts.Add(key, context);
            }

            Watch(context, options.ReloadInterval);
            return context;
        }
    }

    /// <summary>What is watched, at this moment.</summary>
    public ImmutableArray<WatchedFiles> CaptureFiles()
    {
        lock (_lock)
        {
            return [.. AllFiles()];
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        _timer.Dispose();
    }

    private static void Validate(TlsOptions options)
    {
        CheckPath(nameof(TlsOptions.CaCertificatePath), options.CaCertificatePath);
        CheckPath(nameof(TlsOptions.ClientCertificatePath), options.ClientCertificatePath);
        CheckPath(nameof(TlsOptions.ClientKeyPath), options.ClientKeyPath);
        if (options.CaCertificatePath is not null && options.CaCertificatePem is not null)
        {
            throw new TlsConfigurationException(
                nameof(TlsOptions.CaCertificatePem), "CaCertificatePem and CaCertificatePath are both set; set one of them.");
        }

        if (options.ClientCertificatePath is not { } path)
        {
            var orphan = options.ClientKeyPath is not null ? nameof(TlsOptions.ClientKeyPath)
                : options.ClientKeyPassword is not null ? nameof(TlsOptions.ClientKeyPassword) : null;
            if (orphan is not null)
            {
                throw new TlsConfigurationException(orphan, $"{orphan} is set without ClientCertificatePath; set that too, or neither.");
            }
        }
        else if (options.ClientKeyPath is not null && IdentityLoader.IsPfx(path))
        {
            throw new TlsConfigurationException(
                nameof(TlsOptions.ClientKeyPath), $"ClientKeyPath is set, but the PFX file '{path}' holds its key itself; remove ClientKeyPath.");
        }
    }

    private static void CheckPath(string option, string? path)
    {
        if (path is not null && (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)))
        {
            throw new TlsConfigurationException(option, $"{option} is no path: it is empty or holds a null character; give a file's path, or leave it out.");
        }
    }

    private TrustFile GetTrustFile(string path)
    {
        if (!_trustFiles.TryGetValue(path, out var file))
        {
            file = new TrustFile(path, _logger, _metrics);
            Load(file, nameof(TlsOptions.CaCertificatePath));
            _trustFiles.Add(path, file);
        }

        return file;
    }

    private IdentityFiles GetIdentityFiles(IdentityKey key)
    {
        if (!_identityFiles.TryGetValue(key, out var files))
        {
            files = new IdentityFiles(key.CertificatePath, key.KeyPath, key.Password, _logger, _metrics, _inventory);
            Load(files, nameof(TlsOptions.ClientCertificatePath), nameof(TlsOptions.ClientKeyPath));
            _identityFiles.Add(key, files);
        }

        return files;
    }

    private static void Load(WatchedFiles files, params ReadOnlySpan<string> optionNames)
    {
        try
        {
            files.Load();
        }
        catch (TlsContentException e)
        {
            var option = optionNames[e.FileIndex];
            throw new TlsConfigurationException(option, $"{option} '{files.Paths[e.FileIndex]}': {e.Message}.");
        }
    }

    private static TrustBundle ParsePem(string pem)
    {
        try
        {
            return TrustBundle.Parse(pem.ToCharArray(), nameof(TlsOptions.CaCertificatePem));
        }
        catch (TlsContentException e)
        {
            throw new TlsConfigurationException(nameof(TlsOptions.CaCertificatePem), $"CaCertificatePem: {e.Message}.");
        }
    }

    private void Watch(TlsContext context, TimeSpan interval)
    {
        foreach (var files in AllFiles())
        {
            if (context.Uses(files) && (files.Interval == Timeout.InfiniteTimeSpan || interval < files.Interval))
            {
                files.Interval = interval;
                SetDue(files, interval);
            }
        }

        Arm();
    }

    private void Poll()
    {
        try
        {
            foreach (var context in FindChanged())
            {
                context.RaiseChanged(_logger.TrustCallbackFailed);
            }
        }
        catch (Exception e)
        {
            _logger.TrustPollFailed(e);
        }
        finally
        {
            lock (_lock)
            {
                Arm();
            }
        }
    }

    /// <summary>One look at all that is due, so that a CA and an identity swapped together make one change.</summary>
    private ImmutableArray<TlsContext> FindChanged()
    {
        var changed = new List<WatchedFiles>();
        lock (_lock)
        {
            if (_disposed)
            {
                return [];
            }

            var now = _timeProvider.GetTimestamp();
            foreach (var files in AllFiles().Where(files => files.NextDue <= now))
            {
                (var isChanged, var wait) = files.Poll();
                SetDue(files, wait);
                if (isChanged)
                {
                    changed.Add(files);
                }
            }

            return [.. _contexts.Values.Where(context => changed.Exists(context.Uses))];
        }
    }

    private void Arm()
    {
        if (_disposed || _contexts.Count == 0)
        {
            return;
        }

        var next = AllFiles().Select(static files => files.NextDue).DefaultIfEmpty(long.MaxValue).Min();
        if (next != long.MaxValue)
        {
            // Rounded up, for a timer counts whole milliseconds and must not come early.
            var wait = Math.Ceiling(_timeProvider.GetElapsedTime(_timeProvider.GetTimestamp(), next).TotalMilliseconds);
            _timer.Change(TimeSpan.FromMilliseconds(Math.Max(wait, 0)), Timeout.InfiniteTimeSpan);
        }
    }

    private void SetDue(WatchedFiles files, TimeSpan wait) =>
        files.NextDue = _timeProvider.GetTimestamp() + (long)(wait.TotalSeconds * _timeProvider.TimestampFrequency);

    private IEnumerable<WatchedFiles> AllFiles() => _trustFiles.Values.Concat<WatchedFiles>(_identityFiles.Values);

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);

    private static string? Hash(string? pem) => pem is null ? null : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(pem)));

    private sealed record ContextKey(string? CaPath, string? CaPemHash, IdentityKey? Identity, X509RevocationMode RevocationMode);

    private sealed record IdentityKey(string CertificatePath, string? KeyPath, string? Password)
    {
        public static IdentityKey? Of(TlsOptions options) => FullPath(options.ClientCertificatePath) is { } path
            ? new IdentityKey(path, FullPath(options.ClientKeyPath), options.ClientKeyPassword)
            : null;

        // The generated text would hold the password.
        public override string ToString() => CertificatePath;
    }
}
