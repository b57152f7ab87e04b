using Grpc.Core;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Calls;

/// <summary>
/// The outermost of a client's invokers: gives each call what its method's policy says, and hands it to the channel. A call that
/// needs no more than a deadline and retries costs no allocation here.
/// </summary>
/// <param name="inner">What comes after it.</param>
/// <param name="policies">What holds for the client's methods.</param>
/// <param name="time">What deadlines are reckoned by.</param>
/// <param name="stubDeadline">The deadline of the stub, which comes before the methods'.</param>
/// <param name="mayWait">Whether something of the application's comes after it that may send a request later.</param>
/// <param name="calls">Follows calls where somebody listens.</param>
internal sealed class PolicyCallInvoker(
    CallInvoker inner, MethodPolicies policies, TimeProvider time, TimeSpan? stubDeadline, bool mayWait, ChannelCalls? calls = null) : CallInvoker
{
    private const string InboundIsOver = "The deadline, set by the inbound call, had passed before this call was made.";

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var policy = policies.Get(method, request);
        if (policy.Hedger is null && CallDeadline.Value is null)
        {
            // An interceptor may have something to say of blocking calls alone.
            var origin = Apply(policy, ref options, out _);
            method = policy.Limits is { } limits ? limits.Limit(method) : method;
            var observed = calls?.Begin(method.FullName, many: null);
            using (Start(method, policy, origin, Clock(options)))
            using (Observe(observed, options))
            {
                return observed is null ? inner.BlockingUnaryCall(method, host, options, request)
                    : observed.EndsWith(inner, (method, host, options, request), static (inner, call) => inner.BlockingUnaryCall(call.method, call.host, call.options, call.request));
            }
        }

        using var call = AsyncUnaryCall(method, host, options, request);
        return call.ResponseAsync.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var policy = policies.Get(method, request);
        var origin = Apply(policy, ref options, out var linked);
        if (ReferenceEquals(origin, DeadlineOrigin.Inbound) && options.Deadline <= time.GetUtcNow().UtcDateTime)
        {
            linked?.Dispose();
            calls?.Get(method.FullName).Refused(InboundIsOver);
            calls?.Begin(method.FullName, many: null)?.Ends(StatusCode.DeadlineExceeded);
            return FailedCall.DeadlineExceeded<TResponse>(InboundIsOver, policies.ThrowsOnCancellation);
        }

        method = policy.Limits is { } limits ? limits.Limit(method) : method;
        var observed = calls?.Begin(method.FullName, policy.Hedger is null ? null : ObservedCall.Hedged);
        var clock = Clock(options);
        AsyncUnaryCall<TResponse> call;
        try
        {
            using (Start(method, policy, origin, clock))
            using (Observe(observed, options))
            {
                call = policy.Hedger is { } hedger ? HedgedUnaryCall<TRequest, TResponse>.Start(
                        Channel(observed), hedger, method, host, options, origin, request, Several(method, callSite: null, clock), observed)
                    : inner.AsyncUnaryCall(method, host, options, request);
            }
        }
        catch (Exception exception)
        {
            Drop(linked, observed, exception);
            throw;
        }

        if (policy.Hedger is null)
        {
            observed?.EndsWith(call.ResponseAsync);
        }

        linked?.DisposeAfter(call.ResponseAsync);
        return call;
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var policy = policies.Get(method, request);
        var origin = Apply(policy, ref options, out var linked);
        method = policy.Limits is { } limits ? limits.Limit(method) : method;
        var observed = calls?.Begin(method.FullName, policy.Retrier is null ? null : ObservedCall.Retried);
        var callSite = calls?.FindCaller(method.FullName);
        var clock = Clock(options);
        AsyncServerStreamingCall<TResponse> call;
        try
        {
            using (Start(method, origin, callSite, clock))
            using (Observe(observed, options))
            {
                call = policy.Retrier is { } retrier
                    ? RetriedServerStream<TRequest, TResponse>.Start(Channel(observed), retrier, method, host, options, origin, request, Several(method, callSite, clock))
                    : inner.AsyncServerStreamingCall(method, host, options, request);
            }
        }
        catch (Exception exception)
        {
            Drop(linked, observed, exception);
            throw;
        }

        call = observed is null ? call : ObservedReader<TRequest, TResponse>.Wrap(call, observed);
        return policies.Forgotten.Follow(method, linked is null ? call : linked.DisposeWith(call), callSite);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var policy = policies.Get(method, null);
        var origin = Apply(policy, ref options, out var linked);
        method = policy.Limits is { } limits ? limits.Limit(method) : method;
        var observed = calls?.Begin(method.FullName, many: null);
        var callSite = calls?.FindCaller(method.FullName);
        var clock = Clock(options);
        AsyncClientStreamingCall<TRequest, TResponse> call;
        try
        {
            using (Start(method, origin, callSite, clock))
            using (Observe(observed, options))
            {
                call = inner.AsyncClientStreamingCall(method, host, options);
            }
        }
        catch (Exception exception)
        {
            Drop(linked, observed, exception);
            throw;
        }

        observed?.EndsWith(call.ResponseAsync);
        linked?.DisposeAfter(call.ResponseAsync);
        return policies.Forgotten.Follow(method, call, callSite);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var policy = policies.Get(method, null);
        var origin = Apply(policy, ref options, out var linked);
        method = policy.Limits is { } limits ? limits.Limit(method) : method;
        var observed = calls?.Begin(method.FullName, many: null);
        var callSite = calls?.FindCaller(method.FullName);
        var clock = Clock(options);
        AsyncDuplexStreamingCall<TRequest, TResponse> call;
        try
        {
            using (Start(method, origin, callSite, clock))
            using (Observe(observed, options))
            {
                call = inner.AsyncDuplexStreamingCall(method, host, options);
            }
        }
        catch (Exception exception)
        {
            Drop(linked, observed, exception);
            throw;
        }

        call = observed is null ? call : ObservedReader<TRequest, TResponse>.Wrap(call, observed);
        return policies.Forgotten.Follow(method, linked is null ? call : linked.DisposeWith(call), callSite);
    }

    // A call that could not even be made has come to its end with that.
    private static void Drop(LinkedCancellation? linked, ObservedCall? observed, Exception exception)
    {
        linked?.Dispose();
        observed?.Ends(exception is RpcException failure ? failure.StatusCode : StatusCode.Internal);
    }

    private ObservedCall.Scope Observe(ObservedCall? observed, in CallOptions options) =>
        ObservedCall.Enter(observed, flows: observed is not null && Flows(options));

    // What a call is several of the channel's by is observed one by one.
    private CallInvoker Channel(ObservedCall? observed) => observed is null ? inner : new ObservingInvoker(inner, observed, flows: true);

    private static CallScope.Started Start(IMethod method, MethodPolicy policy, DeadlineOrigin? origin, CallClock? clock) =>
        policy.Retrier is { } retrier ? CallScope.Start(retrier.ScopeOf(origin, clock), flows: clock is not null) : Start(method, origin, callSite: null, clock);

    private static CallScope.Started Start(IMethod method, DeadlineOrigin? origin, string? callSite, CallClock? clock) => callSite is null && clock is null ? CallScope.Start(origin)
        : CallScope.Start(new FlowingCall(method.FullName, origin, clock, callSite), flows: clock is not null);

    private SeveralCalls Several(IMethod method, string? callSite, CallClock? clock) => new(calls?.Open(method.FullName), callSite, clock);

    private CallClock? Clock(in CallOptions options) => Flows(options) ? CallClock.Start(time, options.Deadline) : null;

    private bool Flows(in CallOptions options) => mayWait || options.Credentials is not null;

    /// <returns>Who set the deadline that the options now have; <see langword="null"/> when they have none.</returns>
    private DeadlineOrigin? Apply(MethodPolicy policy, ref CallOptions options, out LinkedCancellation? linked)
    {
        linked = null;
        policies.Budget.RecordCall();
        DeadlineOrigin? origin = null;
        if (options.Deadline is not null)
        {
            origin = DeadlineOrigin.Call;
        }
        else if ((stubDeadline ?? policy.Deadline) is { } deadline && deadline != Timeout.InfiniteTimeSpan)
        {
            options = options.WithDeadline(After(deadline));
            origin = stubDeadline is null ? policy.DeadlineOrigin : DeadlineOrigin.Stub;
        }

        if (CallDeadline.Value is { } ambient)
        {
            if (ambient.Deadline < (options.Deadline ?? DateTime.MaxValue))
            {
                options = options.WithDeadline(ambient.Deadline);
                origin = DeadlineOrigin.Inbound;
            }

            options = Join(options, ambient.CancellationToken, out linked);
        }

        if (policy.WaitForReady && !options.IsWaitForReady)
        {
            options = options.WithWaitForReady();
        }

        return origin;
    }

    private static CallOptions Join(CallOptions options, in CancellationToken ambient, out LinkedCancellation? linked)
    {
        linked = null;
        var own = options.CancellationToken;
        if (!ambient.CanBeCanceled || own == ambient)
        {
            return options;
        }

        if (!own.CanBeCanceled)
        {
            return options.WithCancellationToken(ambient);
        }

        linked = new LinkedCancellation(own, ambient);
        return options.WithCancellationToken(linked.Token);
    }

    private DateTime After(TimeSpan deadline)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return deadline < DateTime.MaxValue - now ? now + deadline : DateTime.MaxValue;
    }
}
