namespace PooledClients.IntegrationTests.Processes;

/// <summary>
/// What this process holds open, by kind, from <c>/proc/self/fd</c>. Compared before and after, in a child process, where no other
/// test opens anything.
/// </summary>
internal sealed record Descriptors(int Sockets, int Files, int Pipes, int Other)
{
    private const string Folder = "/proc/self/fd";

    public int Total => Sockets + Files + Pipes + Other;

    public static Descriptors Count()
    {
        int sockets = 0, files = 0, pipes = 0, other = 0;
        foreach (var target in Targets())
        {
            switch (target)
            {
                case ['s', 'o', 'c', 'k', 'e', 't', ':', ..]:
                    sockets++;
                    break;
                case ['p', 'i', 'p', 'e', ':', ..]:
                    pipes++;
                    break;
                // Assemblies are loaded as code is first run, and stay: they are no leak.
                case ['/', ..] when !target.EndsWith(".dll", StringComparison.Ordinal) && !target.EndsWith(".so", StringComparison.Ordinal):
                    files++;
                    break;
                case ['/', ..]:
                    break;
                default:
                    other++;
                    break;
            }
        }

        return new Descriptors(sockets, files, pipes, other);
    }

    /// <summary>What every open descriptor points at, to be shown when a count is off.</summary>
    public static IReadOnlyList<string> Targets() =>
    [
        .. Directory.EnumerateFileSystemEntries(Folder)
            .Select(TargetOf)
            .OfType<string>()
            .Where(target => !target.StartsWith("/proc/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    private static string? TargetOf(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null; // Closed since it was listed.
        }
    }
}
