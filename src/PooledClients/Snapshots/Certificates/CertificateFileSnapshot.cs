namespace PooledClients;

/// <summary>A CA file, or a client certificate with its key, that is watched for changes. There is nothing secret in it.</summary>
public sealed class CertificateFileSnapshot
{
    /// <summary>Gets the path of the CA file or of the client certificate.</summary>
    public required string Path { get; init; }

    /// <summary>Gets what the file's certificates are used for.</summary>
    public required CertificateUse Use { get; init; }

    /// <summary>Gets how many contents were read, good or bad: one, and one more for each change.</summary>
    public required long Reads { get; init; }

    /// <summary>Gets how many changes could not be used, so that what was read before stayed in use.</summary>
    public required long Refusals { get; init; }

    /// <summary>Gets why the last change was refused; <see langword="null"/> when there was none or it was good.</summary>
    public string? LastRefusal { get; init; }

    /// <summary>
    /// Gets why some client's connections still use what was read before the last good change: what adjusts their handlers failed. It is
    /// tried again every five seconds. <see langword="null"/> when all use what was read last.
    /// </summary>
    public string? HandOverFailure { get; init; }
}
