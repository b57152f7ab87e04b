namespace PooledClients.TestBed.Http2;

/// <summary>A request as it arrived on one stream; <see cref="Complete"/> ends when its last byte is here, or it was reset.</summary>
internal sealed class RawRequest(int connection, int streamId, IReadOnlyDictionary<string, string> headers)
{
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets the number of its connection, from 1.</summary>
    public int Connection { get; } = connection;

    public int StreamId { get; } = streamId;

    public IReadOnlyDictionary<string, string> Headers { get; } = headers;

    public string Path => Headers[":path"];

    public Task Complete => _complete.Task;

    public int Bytes { get; private set; }

    public bool IsReset { get; private set; }

    public void Add(int bytes) => Bytes += bytes;

    public void End() => _complete.TrySetResult();

    public void Reset()
    {
        IsReset = true;
        _complete.TrySetResult();
    }
}
