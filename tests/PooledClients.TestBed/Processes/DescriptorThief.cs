using Microsoft.Win32.SafeHandles;

namespace PooledClients.TestBed.Processes;

/// <summary>Other code of the process that opens files until there is no descriptor left, and holds them. Only for child processes.</summary>
internal sealed class DescriptorThief : IDisposable
{
    private readonly List<SafeFileHandle> _loot = new(capacity: 4096);

    public int Held => _loot.Count;

    /// <summary>Takes every descriptor that is left.</summary>
    public void TakeAll()
    {
        while (TakeOne())
        {
        }
    }

    public bool TakeOne()
    {
        try
        {
            _loot.Add(File.OpenHandle("/dev/null"));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _loot.ForEach(handle => handle.Dispose());
        _loot.Clear();
    }
}
