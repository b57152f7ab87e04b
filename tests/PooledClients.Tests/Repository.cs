namespace PooledClients.Tests;

/// <summary>Finds the files of the repository that a test reads; a deterministic build maps their paths away.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PooledClients.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No PooledClients.sln above {AppContext.BaseDirectory}.");
    }
}
