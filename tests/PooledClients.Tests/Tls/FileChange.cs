namespace PooledClients.Tests.Tls;

/// <summary>The ways in which files change under a running process.</summary>
public enum FileChange
{
    /// <summary>A new file is renamed over the old one.</summary>
    AtomicRename,

    /// <summary>The file is opened and written anew.</summary>
    RewriteInPlace,

    /// <summary>The file is deleted, and later created.</summary>
    DeleteAndCreate,

    /// <summary>Kubernetes: the file is a link through <c>..data</c>, which is swapped for a link to another folder.</summary>
    DataLinkSwap,
}
