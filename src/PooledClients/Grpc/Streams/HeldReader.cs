using Grpc.Core;

namespace PooledClients.Grpc.Streams;

/// <summary>A call's reader, which keeps the call from being taken for forgotten until it has read its end.</summary>
internal sealed class HeldReader<T>(IAsyncStreamReader<T> inner, CallHandle handle) : IAsyncStreamReader<T>
{
    public T Current => inner.Current;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        var read = inner.MoveNext(cancellationToken);
        return read.IsCompletedSuccessfully && read.Result ? read : FinishAsync(read);
    }

    private async Task<bool> FinishAsync(Task<bool> read)
    {
        var more = false;
        try
        {
            more = await read.ConfigureAwait(false);
            return more;
        }
        finally
        {
            if (!more)
            {
                handle.End();
            }
        }
    }
}
