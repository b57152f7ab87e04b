using Grpc.Core;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using PooledClients.Resilience;

namespace PooledClients.Grpc;

/// <summary>
/// Tries the calls of one method again, by Polly. A first attempt is made outside the pipeline and costs nothing of it; only a
/// failure enters, as the outcome of the pipeline's first execution.
/// </summary>
internal sealed class CallRetrier(string method, RetryPolicy policy, CallBudget budget, TimeProvider time, ILogger logger)
{
    public static readonly ResiliencePropertyKey<IRetriedCall> CallKey = new("PooledClients.Grpc.RetriedCall");

    private ResiliencePipeline? _pipeline;

    public string Method { get; } = method;

    public RetryPolicy Policy { get; } = policy;

    public CallBudget Budget { get; } = budget;

    public TimeProvider Time { get; } = time;

    public ILogger Logger { get; } = logger;

    // Most methods never need one; building two in a race does no harm.
    public ResiliencePipeline Pipeline => _pipeline ??= Build();

    public CallRetrier Spending(CallBudget other) => new(Method, Policy, other, Time, Logger);

    private ResiliencePipeline Build() => new ResiliencePipelineBuilder { TimeProvider = Time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = Policy.MaxAttempts - 1,
            ShouldHandle = static args => ValueTask.FromResult(
                args.Outcome.Exception is RpcException failure && CallOf(args.Context).ShouldRetry(failure)),
            DelayGenerator = static args => ValueTask.FromResult<TimeSpan?>(
                CallOf(args.Context).NextPause((RpcException)args.Outcome.Exception!)),
        })
        .Build();

    private static IRetriedCall CallOf(ResilienceContext context) => context.Properties.GetValue(CallKey, null!);
}
