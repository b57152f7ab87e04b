namespace PooledClients.Tls;

/// <summary>What has to be equal for two clients to share an identity: the same files, opened by the same password.</summary>
internal sealed record IdentityKey(string CertificatePath, string? KeyPath, string? Password)
{
    public static IdentityKey? Of(TlsOptions options) => options.ClientCertificatePath is { } path
        ? new IdentityKey(Path.GetFullPath(path), options.ClientKeyPath is { } key ? Path.GetFullPath(key) : null, options.ClientKeyPassword)
        : null;

    // The generated text would hold the password.
    public override string ToString() => CertificatePath;
}
