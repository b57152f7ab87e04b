namespace PooledClients;

/// <summary>A certificate in use. There is nothing secret in it.</summary>
public sealed class CertificateSnapshot
{
    /// <summary>Gets what it is used for.</summary>
    public required CertificateUse Use { get; init; }

    /// <summary>Gets where it was read from: a path, the option that held it, or the address of the server that showed it.</summary>
    public required string Source { get; init; }

    /// <summary>Gets its subject.</summary>
    public required string Subject { get; init; }

    /// <summary>Gets its thumbprint, hexadecimal.</summary>
    public required string Thumbprint { get; init; }

    /// <summary>Gets when it becomes valid.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>Gets when it ends to be valid.</summary>
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>
    /// Gets whether it is used and within the last third of its life, at most 30 days, or has ended; the health is degraded by the last
    /// sixth, at most 7 days. An authority that stands in the file but that no server's chain goes through is not used, and what has been
    /// renewed, and only connections from before still use, does not count.
    /// </summary>
    public bool ExpiresSoon { get; init; }

    /// <summary>Gets why the last change of its source was refused; <see langword="null"/> when there was none or it was good.</summary>
    public string? LastRefusal { get; init; }
}
