using Microsoft.Extensions.Logging;
using PooledClients.Connections.CallSites;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Telemetry;
using PooledClients.Platform;

namespace PooledClients.Grpc.Streams;

/// <summary>
/// What the caller of a streaming call holds, by its call or its reader, and nobody else: the channel keeps each call that has not ended,
/// and so its response, so that only this can tell that a caller has forgotten one. A forgotten call is named and ended, which gives its
/// stream back.
/// </summary>
/// <param name="call">The call.</param>
/// <param name="method">The full name of its method.</param>
/// <param name="address">The address that it goes to.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of a forgotten call.</param>
/// <param name="callers">Who makes such calls.</param>
/// <param name="callSite">Where its caller stands in the code, if that was found out.</param>
/// <param name="forgotten">Told of a forgotten call as well.</param>
/// <param name="response">What it ends with, if that is one message: who waits for that alone has not forgotten the call.</param>
internal sealed class CallHandle(
    IDisposable call, string method, string address, TimeProvider time, ILogger logger, StreamCallers? callers, string? callSite, Action? forgotten = null, Task? response = null)
{
    // The pipeline's own may wait for it too.
    private readonly int? _waiting = response is null ? null : RuntimeTasks.WaitingFor(response);
    private readonly long _startedAt = time.GetTimestamp();

    // Neither a logger nor the end of a call belongs on the finalizer's thread.
    ~CallHandle() => ThreadPool.UnsafeQueueUserWorkItem(static handle => handle.Reclaim(), this, preferLocal: false);

    public IDisposable Call => call;

    /// <summary>The call has ended, or its caller has ended it.</summary>
#pragma warning disable CA1816 // A call ends by other ways than disposal too, and is forgotten by none of them.
    public void End() => GC.SuppressFinalize(this);
#pragma warning restore CA1816

    public void Dispose()
    {
        End();
        call.Dispose();
    }

    private void Reclaim()
    {
        if (response is { IsCompleted: true })
        {
            return;
        }

        if (response is not null && (_waiting is null || RuntimeTasks.WaitingFor(response) > _waiting))
        {
            // The next collection asks again.
            GC.ReRegisterForFinalize(this);
            return;
        }

        callers?.MarkLeaked();
        logger.StreamCollected(method, address, time.GetElapsedTime(_startedAt).TotalSeconds, CallSiteSampler.Describe(callSite, callers, "method"));
        forgotten?.Invoke();
        call.Dispose();
    }
}
