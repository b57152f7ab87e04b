namespace PooledClients.TestBed.Streams;

/// <summary>A body that gives nothing and does not end until it is disposed.</summary>
/// <param name="heedsToken">Whether a read ends with its token too; otherwise it looks like the body's end.</param>
internal sealed class OpenBodyStream(bool heedsToken = true) : ReadingStream
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsDisposed { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _end.Task.WaitAsync(heedsToken ? cancellationToken : CancellationToken.None);
        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => IsDisposed ? 0 : throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        _end.TrySetResult();
        base.Dispose(disposing);
    }
}
