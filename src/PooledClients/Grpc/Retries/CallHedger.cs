using Grpc.Core;
using Polly;
using Polly.Hedging;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Grpc.Retries;

/// <summary>
/// Hedges the unary calls of one method, by Polly: an attempt that has no answer in time, or that fails in a way another may
/// mend, gets company. The first good answer wins.
/// </summary>
internal sealed class CallHedger(int maxAttempts, TimeSpan delay, RetryPolicy failures, CallBudget budget, TimeProvider time)
{
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

    private ResiliencePipeline<HedgedAttempt<TResponse>> Build<TResponse>()
        where TResponse : class =>
        new ResiliencePipelineBuilder<HedgedAttempt<TResponse>> { TimeProvider = time }
            .AddHedging(new HedgingStrategyOptions<HedgedAttempt<TResponse>>
            {
                MaxHedgedAttempts = maxAttempts - 1,
                Delay = delay,

                // A server that says when, or that never, is not asked again beside it.
                ShouldHandle = args => ValueTask.FromResult(
                    args.Outcome.Exception is RpcException failure && failures.IsRetryable(failure)
                    && RetryPushback.From(failure.Trailers) is { Forbidden: false, Delay: null }),
                ActionGenerator = args =>
                {
                    var call = args.PrimaryContext.Properties.GetValue(HedgedAttempt<TResponse>.StartKey, null!);
                    return Budget.TryTakeHedge()
                        ? () => call(args.AttemptNumber, args.ActionContext.CancellationToken)
                        : null;
                },
            })
            .Build();
}
