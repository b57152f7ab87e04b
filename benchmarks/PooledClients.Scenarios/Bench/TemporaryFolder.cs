using System.Collections.Concurrent;

namespace PooledClients.Scenarios.Bench;

/// <summary>A folder that is gone when it is disposed, or when the bench itself is told to end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private static readonly ConcurrentDictionary<TemporaryFolder, bool> Existing = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pooled-clients-");

    public TemporaryFolder()
    {
        Existing[this] = true;
    }

    public string Path => _folder.FullName;

    public static void DeleteAll()
    {
        foreach (var folder in Existing.Keys)
        {
            folder.Dispose();
        }
    }

    public string Create(string name) => _folder.CreateSubdirectory(name).FullName;

    public void Dispose()
    {
        if (!Existing.TryRemove(this, out _))
        {
            return;
        }

        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A process that was killed a moment ago may still have written to it.
            _folder.Refresh();
            if (_folder.Exists)
            {
                _folder.Delete(recursive: true);
            }
        }
    }
}
