namespace PooledClients.Analyzers.Tests.Verifying;

/// <summary>The files that are not part of the tests' own project.</summary>
internal static class Repository
{
    /// <summary>Returns the path of a file, from its path in the repository.</summary>
    public static string PathOf(string file)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PooledClients.sln")))
        {
            folder = folder.Parent!;
        }

        return Path.Combine(folder.FullName, file);
    }
}
