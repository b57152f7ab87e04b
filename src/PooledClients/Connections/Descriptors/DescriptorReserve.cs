namespace PooledClients.Connections.Descriptors;

/// <summary>
/// Spare descriptors, held to be released when there are no others: starting a thread and loading an assembly need some, and the
/// runtime aborts the process or poisons the assembly when they fail. For the use of one thread.
/// </summary>
internal sealed class DescriptorReserve(int size) : IDisposable
{
    private readonly Stack<int> _held = new(size);

    public int Size => size;

    public int Held => _held.Count;

    /// <summary>Takes what is missing, as far as it can be had.</summary>
    public void Take()
    {
        while (_held.Count < size && Posix.OpenNull(out _) is >= 0 and var descriptor)
        {
            _held.Push(descriptor);
        }
    }

    /// <summary>Closes all and tells how many they were.</summary>
    public int Release()
    {
        var released = _held.Count;
        while (_held.TryPop(out var descriptor))
        {
            Posix.CloseDescriptor(descriptor);
        }

        return released;
    }

    public void Dispose() => Release();
}
