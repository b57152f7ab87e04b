using PooledClients.Tls.Certificates;

namespace PooledClients.Tls;

/// <summary>Which options exclude each other, or need one another: those of trust, and those of identity.</summary>
internal static class TlsOptionsRules
{
    /// <exception cref="TlsConfigurationException">One of them is broken.</exception>
    public static void CheckTrust(TlsOptions options)
    {
        CheckPath(nameof(TlsOptions.CaCertificatePath), options.CaCertificatePath);
        if (options.CaCertificatePath is not null && options.CaCertificatePem is not null)
        {
            throw new TlsConfigurationException(
                nameof(TlsOptions.CaCertificatePem), "CaCertificatePem and CaCertificatePath are both set; set one of them.");
        }
    }

    /// <exception cref="TlsConfigurationException">One of them is broken.</exception>
    public static void CheckIdentity(TlsOptions options)
    {
        CheckPath(nameof(TlsOptions.ClientCertificatePath), options.ClientCertificatePath);
        CheckPath(nameof(TlsOptions.ClientKeyPath), options.ClientKeyPath);
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
}
