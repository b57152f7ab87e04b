using Grpc.Core;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Streams;

/// <summary>One streaming call, from its request to the end of its response.</summary>
internal sealed class OpenStream(OpenStreams owner, string method, long openedAt, Action? ended, MethodCalls? calls, string? callSite)
{
    private int _ended;

    // Zero while the caller has a read pending, or has no response to read yet.
    private long _idleSince;

    public string Method => method;

    /// <summary>The name of the client that made the call; none where it is nobody's.</summary>
    public string? Client => calls?.Client;

    /// <summary>The calls that it is one of; none where it is nobody's.</summary>
    public MethodCalls? Calls => calls;

    /// <summary>Where its caller stands in the code, if that was found out.</summary>
    public string? CallSite => callSite;

    /// <summary>What to call at its end, with how reading it has failed.</summary>
    public Action<StatusCode?>? OnEnd { get; set; }

    public long OpenedAt => openedAt;

    /// <summary>Since when nobody reads the response; none while somebody does.</summary>
    public long? IdleSince => Volatile.Read(ref _idleSince) is var since and not 0 ? since : null;

    /// <summary>Whether a warning was logged; read and written by the one timer that looks.</summary>
    public bool IsWarned { get; set; }

    public void ReadBegins() => Volatile.Write(ref _idleSince, 0);

    public void ReadEnds() => Volatile.Write(ref _idleSince, owner.Now());

    /// <summary>Counts once, whatever the race of reading to the end, disposal and collection.</summary>
    /// <param name="failure">How reading it has failed, if it has.</param>
    public void End(StatusCode? failure = null)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            owner.Remove(this);
            ended?.Invoke();
            OnEnd?.Invoke(failure);
        }
    }
}
