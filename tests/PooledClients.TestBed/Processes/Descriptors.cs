namespace PooledClients.TestBed.Processes;

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
                case ['/', ..]:
                    files += IsCode(target) ? 0 : 1;
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

    // Assemblies are loaded as code is first run, their symbols as a stack is first shown; both stay, and are no leak.
    private static bool IsCode(string path) => Path.GetExtension(path) is ".dll" or ".so" or ".pdb";

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
