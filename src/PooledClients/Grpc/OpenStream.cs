namespace PooledClients.Grpc;

/// <summary>One streaming call from its response headers to its end.</summary>
internal sealed class OpenStream(OpenStreams owner, string method, long openedAt, Action ended)
{
    private int _ended;

    public string Method => method;

    public long OpenedAt => openedAt;

    /// <summary>Whether a warning was logged; read and written by the one timer that looks.</summary>
    public bool IsWarned { get; set; }

    /// <summary>Counts once, whatever the race of reading to the end, disposal and collection.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            owner.Remove(this);
            ended();
        }
    }
}
