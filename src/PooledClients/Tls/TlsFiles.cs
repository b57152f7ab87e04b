using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tls;

/// <summary>The CA files and client certificates of the process, each read once, whoever names it.</summary>
internal sealed class TlsFiles(ILogger logger, TlsMetrics metrics, CertificateInventory inventory)
{
    // Guards both fields below, and is never held while a file is read: a file system that hangs holds only those who need this very file.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, TrustFile> _trust = new(StringComparer.Ordinal);
    private readonly Dictionary<IdentityKey, IdentityFiles> _identities = [];

    /// <summary>What was read so far, at this moment.</summary>
    public ImmutableArray<WatchedFiles> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _trust.Values.Concat<WatchedFiles>(_identities.Values).Where(static files => files.IsLoaded)];
            }
        }
    }

    /// <exception cref="TlsConfigurationException">The file cannot be read or used, or two options exclude each other.</exception>
    public (TrustFile? File, TrustBundle? Fixed) LoadTrust(TlsOptions options)
    {
        TlsOptionsRules.CheckTrust(options);
        return (
            options.CaCertificatePath is { } path ? Loaded(Find(_trust, Path.GetFullPath(path), path => new(path, logger, metrics)), nameof(TlsOptions.CaCertificatePath)) : null,
            options.CaCertificatePem is { } pem ? ParsePem(pem) : null);
    }

    /// <exception cref="TlsConfigurationException">A file cannot be read or used, or two options exclude each other.</exception>
    public IdentityFiles? LoadIdentity(TlsOptions options)
    {
        TlsOptionsRules.CheckIdentity(options);
        return IdentityKey.Of(options) is not { } identity ? null
            : Loaded(
                Find(_identities, identity, key => new(key.CertificatePath, key.KeyPath, key.Password, logger, metrics, inventory)),
                nameof(TlsOptions.ClientCertificatePath),
                nameof(TlsOptions.ClientKeyPath));
    }

    /// <summary>All that is wrong: trust and identity apart, and a key file that is missing beside its certificate.</summary>
    public IReadOnlyList<TlsConfigurationException> FindErrors(TlsOptions options)
    {
        List<TlsConfigurationException> errors = [];
        foreach (var load in (Action[])[() => LoadTrust(options), () => LoadIdentity(options)])
        {
            try
            {
                load();
            }
            catch (TlsConfigurationException exception)
            {
                errors.Add(exception);
            }
        }

        if (errors.Any(static error => error.OptionName == nameof(TlsOptions.ClientCertificatePath)) && !string.IsNullOrWhiteSpace(options.ClientKeyPath) && !File.Exists(options.ClientKeyPath))
        {
            errors.Add(new(nameof(TlsOptions.ClientKeyPath), $"{nameof(TlsOptions.ClientKeyPath)} '{options.ClientKeyPath}': {TlsContentException.Missing}."));
        }

        return errors;
    }

    private static TFiles Loaded<TFiles>(TFiles files, params ReadOnlySpan<string> optionNames)
        where TFiles : WatchedFiles
    {
        try
        {
            files.EnsureLoaded();
            return files;
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

    private TFiles Find<TKey, TFiles>(Dictionary<TKey, TFiles> all, TKey key, Func<TKey, TFiles> create)
        where TKey : notnull
    {
        lock (_lock)
        {
            return all.TryGetValue(key, out var files) ? files : all[key] = create(key);
        }
    }
}
