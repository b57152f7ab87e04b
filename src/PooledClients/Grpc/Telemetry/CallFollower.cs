using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Grpc.Core;

namespace PooledClients.Grpc.Telemetry;

/// <summary>Waits for a response on behalf of a call that is observed. One serves one call after another, so that the waiting costs no allocation of its own.</summary>
internal sealed class CallFollower
{
    private const int MostSpare = 1024;

    private static readonly ConcurrentQueue<CallFollower> Spare = new();
    private static int _spare;

    private readonly Action _completed;
    private ObservedCall? _call;
    private Task? _response;

    private CallFollower() => _completed = Completed;

    public static void Follow(ObservedCall call, Task response)
    {
        if (response.IsCompleted)
        {
            call.Ends(StatusOf(response));
            return;
        }

        if (Spare.TryDequeue(out var follower))
        {
            Interlocked.Decrement(ref _spare);
        }
        else
        {
            follower = new CallFollower();
        }

        follower._call = call;
        follower._response = response;
        response.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(follower._completed);
    }

    private void Completed()
    {
        var (call, response) = (_call!, _response!);
        _call = null;
        _response = null;
        if (Volatile.Read(ref _spare) < MostSpare)
        {
            Interlocked.Increment(ref _spare);
            Spare.Enqueue(this);
        }

        call.Ends(StatusOf(response));
    }

    // The channel has looked at the exception itself: looking at it here hides nothing from whoever watches for those nobody looked at.
    private static StatusCode StatusOf(Task response) => response switch
    {
        { IsCompletedSuccessfully: true } => StatusCode.OK,
        { IsCanceled: true } => StatusCode.Cancelled,
        { Exception.InnerException: RpcException failure } => failure.StatusCode,
        { Exception.InnerException: OperationCanceledException } => StatusCode.Cancelled,
        _ => StatusCode.Unknown,
    };
}
