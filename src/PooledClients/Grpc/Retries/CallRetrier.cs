using Grpc.Core;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Grpc.Retries;

/// <summary>
/// Tries the calls of one method again, by Polly. A first attempt is made outside the pipeline and costs nothing of it; only a
/// failure enters, as what the pipeline's first execution came to.
/// </summary>
/// <param name="method">The full name of the method.</param>
/// <param name="policy">When and how often.</param>
/// <param name="budget">What further attempts are taken from.</param>
/// <param name="time">What pauses are reckoned by.</param>
/// <param name="logger">Told of further attempts.</param>
/// <param name="pending">Counts the calls that are being tried again.</param>
/// <param name="throwsOnCancellation">Whether the channel throws <see cref="OperationCanceledException"/> for what its deadline or its token ends.</param>
internal sealed class CallRetrier(
    string method, RetryPolicy policy, CallBudget budget, TimeProvider time, ILogger logger, PendingCalls pending, bool throwsOnCancellation)
{
    private static readonly ResiliencePropertyKey<IRetriedCall> CallKey = new("PooledClients.Grpc.Call");

    private ResiliencePipeline? _pipeline;

    // Nearly all calls of a method have their deadline from the same place.
    private RetriableCall? _lastScope;

    public string Method { get; } = method;

    public RetryPolicy Policy { get; } = policy;

    public CallBudget Budget { get; } = budget;

    public TimeProvider Time { get; } = time;

    public ILogger Logger { get; } = logger;

    public CallRetrier Spending(CallBudget other) => new(Method, Policy, other, Time, Logger, pending, throwsOnCancellation);

    /// <summary>What a call throws that its deadline, its token or its disposal has ended.</summary>
    public Exception ToThrow(RpcException end) =>
        throwsOnCancellation && end.StatusCode is StatusCode.DeadlineExceeded or StatusCode.Cancelled ? new OperationCanceledException(end.Status.Detail, end) : end;

    /// <summary>What the handler is told of a call whose deadline comes from there.</summary>
    /// <param name="deadline">Who set it.</param>
    /// <param name="clock">The call's own clock, if it has one.</param>
    public RetriableCall ScopeOf(DeadlineOrigin? deadline, CallClock? clock) =>
        clock is not null ? new RetriableCall(this, deadline, clock)
        : _lastScope is { } last && ReferenceEquals(last.Deadline, deadline) ? last : _lastScope = new RetriableCall(this, deadline);

    /// <summary>What an answer comes to that another attempt may mend; <see langword="null"/> where it is the call's.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="status">Its status, where it brings no message.</param>
    public RpcException? FailureOf(HttpResponseMessage response, StatusCode? status) =>
        status is { } failed and not StatusCode.OK && Policy.IsRetryable(failed) ? GrpcAnswer.FailureOf(response, failed) : null;

    /// <summary>What an exception comes to that another attempt may mend; <see langword="null"/> where it is the call's.</summary>
    public RpcException? FailureOf(Exception exception) =>
        SendFailure.AsRpcException(exception) is RpcException failure && Policy.IsRetryable(failure) ? failure : null;

    /// <summary>What a call remembers from this failure of its first attempt on.</summary>
    public RetryState Begin(RpcException failure) => new(Method, Policy, Budget, Logger, failure);

    /// <summary>Makes the further attempts of a call whose first one has failed, and the pauses between them.</summary>
    /// <param name="call">The call.</param>
    /// <param name="stop">Ends a pause.</param>
    public async ValueTask<Outcome<TResult>> RunAsync<TResult>(IRetriedCall<TResult> call, CancellationToken stop)
    {
        // Most methods never need one; building two in a race does no harm.
        _pipeline ??= Build();
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, stop);
        context.Properties.Set(CallKey, call);
        pending.Begin();
        try
        {
            return await _pipeline.ExecuteOutcomeAsync(
                static (_, call) => call.Retry.TakeFirst() is { } first ? new(Outcome.FromException<TResult>(first)) : call.AttemptAsync(),
                context,
                call).ConfigureAwait(false);
        }
        finally
        {
            pending.End();
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private ResiliencePipeline Build() => new ResiliencePipelineBuilder { TimeProvider = Time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = Policy.MaxAttempts - 1,
            ShouldHandle = static args => ValueTask.FromResult(
                args.Outcome.Exception is RpcException failure && CallOf(args.Context).ShouldRetry(failure)),
            DelayGenerator = static args => ValueTask.FromResult<TimeSpan?>(
                CallOf(args.Context).Retry.NextPause((RpcException)args.Outcome.Exception!)),
        })
        .Build();

    private static IRetriedCall CallOf(ResilienceContext context) => context.Properties.GetValue(CallKey, null!);
}
