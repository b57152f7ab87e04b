using Grpc.Core;

namespace PooledClients.Grpc.Telemetry;

/// <summary>
/// The one count of a call that is several of the channel's, hedges or the attempts of a stream: none of them is counted as a call, and where
/// the deadline found them is told once.
/// </summary>
internal sealed class CallAccount
{
    private readonly MethodCalls _method;
    private readonly TimeProvider _time;
    private readonly long _startedAt;

    // What the attempt that the deadline ended last was waiting for; -1 where it ended none.
    private int _phase = -1;
    private int _ended;

    public CallAccount(MethodCalls method, TimeProvider time)
    {
        _method = method;
        _time = time;
        _startedAt = time.GetTimestamp();
        method.Begins();
    }

    /// <summary>The deadline, which its attempts share, has ended one of them.</summary>
    public void DeadlineExceeded(WaitPhase phase) => Volatile.Write(ref _phase, (int)phase);

    /// <summary>The call has been answered, or has failed. Told once.</summary>
    public void Ends(Status status)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        _method.Ends(status.StatusCode, status.Detail, _time.GetElapsedTime(_startedAt));
        if (status.StatusCode == StatusCode.DeadlineExceeded && Volatile.Read(ref _phase) is var phase and >= 0)
        {
            _method.DeadlineExceeded((WaitPhase)phase);
        }
    }

    /// <summary>The call has failed.</summary>
    /// <returns>Never that it was dealt with: this looks at an exception on its way.</returns>
    public bool Failed(Exception exception)
    {
        Ends((exception as RpcException ?? exception.InnerException as RpcException)?.Status
            ?? new Status(Volatile.Read(ref _phase) >= 0 ? StatusCode.DeadlineExceeded : StatusCode.Cancelled, ""));
        return false;
    }
}
