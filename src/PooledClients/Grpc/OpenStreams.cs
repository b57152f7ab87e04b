namespace PooledClients.Grpc;

/// <summary>The streaming calls of one transport that have not ended: a caller that neither reads to the end nor disposes keeps its stream.</summary>
internal sealed class OpenStreams(TimeProvider timeProvider)
{
    private readonly Lock _lock = new();

    // Guarded by _lock. A call leaves when its stream ends, is disposed or is collected.
    private readonly HashSet<OpenStream> _streams = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _streams.Count;
            }
        }
    }

    public OpenStream Add(string method, Action ended)
    {
        var stream = new OpenStream(this, method, timeProvider.GetTimestamp(), ended);
        lock (_lock)
        {
            _streams.Add(stream);
        }

        return stream;
    }

    public IReadOnlyList<OpenStream> Snapshot()
    {
        lock (_lock)
        {
            return [.. _streams];
        }
    }

    public void Remove(OpenStream stream)
    {
        lock (_lock)
        {
            _streams.Remove(stream);
        }
    }
}
