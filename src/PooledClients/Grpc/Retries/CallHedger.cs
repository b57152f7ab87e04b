using Grpc.Core;
using Polly;
using Polly.Hedging;
using PooledClients.Grpc.Statuses;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Retries;

/// <summary>
/// Hedges the unary calls of one method, by Polly: an attempt that has no answer in time, or that fails in a way another may
/// mend, gets company. The first good answer wins. What says nothing about the call itself (a pushback, a fault of this process's own, a hedge that
/// could not be made) leaves it to the attempts that are out, and there are no more; when all have failed the first one says how.
/// </summary>
internal sealed class CallHedger(int maxAttempts, TimeSpan delay, RetryPolicy failures, CallBudget budget, TimeProvider time)
{
    private static readonly ResiliencePropertyKey<bool> Stopped = new("PooledClients.Grpc.HedgesStopped");

    private object? _pipeline;

    public CallBudget Budget { get; } = budget;

    // A method has one type of response, so one pipeline; building two in a race does no harm.
    public ResiliencePipeline<HedgedAttempt<TResponse>> Pipeline<TResponse>()
        where TResponse : class
    {
        if (_pipeline is ResiliencePipeline<HedgedAttempt<TResponse>> built)
        {
            return built;
        }

        var pipeline = Build<TResponse>();
        _pipeline = pipeline;
        return pipeline;
    }

    public CallHedger Spending(CallBudget other) => new(maxAttempts, delay, failures, other, time);

    /// <summary>Whether an attempt that failed so is the last to be made. A server that says when, or that never, is not asked again beside it.</summary>
    public bool Stops(Exception failure, int number) => IsHandled(failure, number)
        && (failure is not RpcException status || !failures.IsRetryable(status) || RetryPushback.From(status.Trailers) is not { Forbidden: false, Delay: null });

    // Whether what an attempt failed with is not the call's end.
    private bool IsHandled(Exception? failure, int number) => failure switch
    {
        RpcException status => failures.IsRetryable(status) || FailureClassifier.Classify(status).Owner is FaultOwner.Process or FaultOwner.Trust,
        null or OperationCanceledException => false,
        _ => number > 0,
    };

    private ResiliencePipeline<HedgedAttempt<TResponse>> Build<TResponse>()
        where TResponse : class =>
        new ResiliencePipelineBuilder<HedgedAttempt<TResponse>> { TimeProvider = time }
            .AddHedging(new HedgingStrategyOptions<HedgedAttempt<TResponse>>
            {
                MaxHedgedAttempts = maxAttempts - 1,
                DelayGenerator = args => ValueTask.FromResult(args.Context.Properties.GetValue(Stopped, false) ? Timeout.InfiniteTimeSpan : delay),
                ShouldHandle = args => ValueTask.FromResult(IsHandled(args.Outcome.Exception, args.AttemptNumber ?? 0)),
                ActionGenerator = args =>
                {
                    var properties = args.PrimaryContext.Properties;
                    var attempt = properties.GetValue(HedgedAttempt<TResponse>.StartKey, null!)(args.AttemptNumber, args.ActionContext.CancellationToken);
                    properties.Set(Stopped, attempt is null);
                    return attempt;
                },
            })
            .Build();
}
