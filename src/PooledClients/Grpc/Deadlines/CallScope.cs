using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Deadlines;

/// <summary>
/// What the handler below the channel is told of a call, and tells it. It travels beside the call for nothing: gRPC sends a request
/// on the thread that makes the call, so the handler that takes the request finds it by <see cref="Of"/>. Where something may be
/// asynchronous in between (call credentials, interceptors and message handlers of the application) a scope of the call's own, or one of its
/// method, flows with the execution context, for some bytes.
/// </summary>
internal abstract class CallScope
{
    private static readonly AsyncLocal<CallScope?> Flowing = new();

    [ThreadStatic]
    private static CallScope? _current;

    /// <summary>Who set the call's deadline; <see langword="null"/> without one.</summary>
    public abstract DeadlineOrigin? Deadline { get; }

    /// <summary>
    /// Gets or sets where its latest attempt went, of several endpoints, for the next one to go elsewhere. Kept where an attempt is a request of its
    /// own; of attempts at the same time the last one says.
    /// </summary>
    public virtual EndpointPool? Tried
    {
        get => null;
        set { }
    }

    /// <summary>Its clock, where its request may be sent later; elsewhere the request says as it comes what is left.</summary>
    public virtual CallClock? Clock => null;

    /// <summary>Where its caller stands in the code, if that was found out.</summary>
    public virtual string? CallSite => null;

    /// <summary>Its count, where it is several of the channel's calls; none where each of those is a call.</summary>
    public virtual CallAccount? Account => null;

    /// <summary>Whether it is none of the application's: it is not counted.</summary>
    public virtual bool IsProbe => false;

    /// <summary>Whether it has to be found also where the request is sent later.</summary>
    protected virtual bool MayFlow => false;

    /// <summary>
    /// The call that a request belongs to, asked for on the way down to the handler. Who comes between may make requests of its own
    /// there, which a call that may be tried again must not be taken for.
    /// </summary>
    public static CallScope? Of(HttpRequestMessage request)
    {
        var call = _current ?? Flowing.Value;
        return call?.IsOf(request) == true ? call : null;
    }

    /// <summary>Makes a call the one that this thread starts until the result is disposed.</summary>
    /// <param name="call">What there is to tell of it.</param>
    /// <param name="flows">Whether its request may be sent later, and by another thread.</param>
    public static Started Start(CallScope? call, bool flows = false)
    {
        // A call made on behalf of one that flows hides it, also where there is nothing to tell.
        var started = new Started(_current, Flowing.Value, flows && call is { MayFlow: true } ? call : null);
        _current = call;
        return started;
    }

    /// <summary>Told when the headers of a response have arrived.</summary>
    /// <param name="isEnd">Whether they are all there is: a call that fails before its first message has its status in them.</param>
    public virtual void OnHeaders(bool isEnd)
    {
    }

    /// <summary>Whether a request may be one of this call's.</summary>
    protected virtual bool IsOf(HttpRequestMessage request) => true;

    public readonly ref struct Started
    {
        private readonly CallScope? _outer;
        private readonly CallScope? _outerFlowing;
        private readonly bool _hasChangedFlow;

        public Started(CallScope? outer, CallScope? outerFlowing, CallScope? flowing)
        {
            _outer = outer;
            _outerFlowing = outerFlowing;
            _hasChangedFlow = !ReferenceEquals(outerFlowing, flowing);
            if (_hasChangedFlow)
            {
                Flowing.Value = flowing;
            }
        }

        public void Dispose()
        {
            _current = _outer;
            if (_hasChangedFlow)
            {
                Flowing.Value = _outerFlowing;
            }
        }
    }
}
