namespace PooledClients.Grpc;

/// <summary>
/// What the handler below the channel is told of a call, and tells it. It travels beside the call for nothing: gRPC sends a request
/// on the thread that makes the call, so the handler that takes the request finds it in <see cref="Starting"/>. Where something is
/// asynchronous in between (call credentials, a channel's first call) there is none, and whoever relies on it has to do without.
/// </summary>
internal abstract class CallScope
{
    [ThreadStatic]
    private static CallScope? _current;

    /// <summary>The call that this thread is starting.</summary>
    public static CallScope? Starting => _current;

    /// <summary>Who set the call's deadline; <see langword="null"/> without one.</summary>
    public abstract DeadlineOrigin? Deadline { get; }

    /// <summary>Makes a call the one that this thread starts until the result is disposed.</summary>
    public static Started Start(CallScope? call)
    {
        var started = new Started(_current);
        _current = call;
        return started;
    }

    /// <summary>Told when the headers of a response have arrived.</summary>
    /// <param name="isEnd">Whether they are all there is: a call that fails before its first message has its status in them.</param>
    public virtual void OnHeaders(bool isEnd)
    {
    }

    public readonly ref struct Started(CallScope? outer)
    {
        public void Dispose() => _current = outer;
    }
}
