using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using PooledClients.Diagnostics;

namespace PooledClients.Resilience;

/// <summary>
/// The breaker of one address: Polly's, fed with what each request came to. While it is closed a request does not go through
/// Polly but is reported to it afterwards, which costs a call no allocation and no async frame; when it is not, requests go
/// through it one by one and probe.
/// </summary>
internal sealed class AddressBreaker
{
    private readonly string _address;
    private readonly TimeProvider _time;
    private readonly TimeSpan _breakDuration;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline<RequestOutcome> _pipeline;

    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Polly keeps every member of the outcome's type, an enum, and so Enum.GetValues(Type), which nobody calls.")]
    public AddressBreaker(string address, BreakerSettings settings, TimeProvider time, GrpcMetrics? metrics, ILogger logger)
    {
        _address = address;
        _time = time;
        _breakDuration = settings.BreakDuration;
        _pipeline = new ResiliencePipelineBuilder<RequestOutcome> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<RequestOutcome>
            {
                FailureRatio = settings.FailureRatio,
                MinimumThroughput = settings.MinimumRequests,
                SamplingDuration = settings.SamplingDuration,
                BreakDuration = settings.BreakDuration,
                StateProvider = _state,
                ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Result == RequestOutcome.Failed),
                OnOpened = args =>
                {
                    metrics?.BreakerOpened(address);
                    logger.BreakerOpened(address, args.BreakDuration.TotalSeconds);
                    return default;
                },
                OnClosed = _ =>
                {
                    logger.BreakerClosed(address);
                    return default;
                },
            })
            .Build();
    }

    /// <summary>Whether requests may go out without asking. What they come to is then given to <see cref="Report"/>.</summary>
    public bool IsClosed => _state.CircuitState == CircuitState.Closed;

    /// <summary>Counts a request that went out while the breaker was closed.</summary>
    public void Report(RequestOutcome outcome)
    {
        // What began before the breaker opened is no probe.
        if (outcome == RequestOutcome.Ignored || !IsClosed)
        {
            return;
        }

        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        var reported = _pipeline.ExecuteOutcomeAsync(
            static (_, outcome) => ValueTask.FromResult(Outcome.FromResult(outcome)), context, outcome);

        // The report that opens the breaker waits until its handlers have run on another thread; the request does not.
        if (!reported.IsCompletedSuccessfully)
        {
            _ = ReturnWhenReportedAsync(reported, context);
            return;
        }

        _ = reported.Result;
        ResilienceContextPool.Shared.Return(context);
    }

    private static async Task ReturnWhenReportedAsync(ValueTask<Outcome<RequestOutcome>> reported, ResilienceContext context)
    {
        await reported.ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);
    }

    /// <summary>Makes a request while the breaker is not closed: as its probe, or not at all.</summary>
    /// <param name="send">Makes the request.</param>
    /// <param name="judge">What its result says.</param>
    /// <exception cref="RpcException">The breaker is open: <c>Unavailable</c>, saying until when.</exception>
    public async Task<TResult> ProbeAsync<TResult>(Func<Task<TResult>> send, Func<TResult, RequestOutcome> judge)
        where TResult : class
    {
        Task<TResult>? sending = null;
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        var outcome = await _pipeline.ExecuteOutcomeAsync(
            async (_, _) =>
            {
                try
                {
                    sending = send();
                    await Task.WhenAny(sending, Task.Delay(_breakDuration, _time)).ConfigureAwait(false);

                    // A stream may go without headers for hours. What has not failed by now speaks for the server; if it did not, the
                    // breaker would keep all other calls from a server that is well.
                    return Outcome.FromResult(sending.IsCompleted ? judge(await sending.ConfigureAwait(false)) : RequestOutcome.Answered);
                }
                catch (Exception e)
                {
                    sending ??= Task.FromException<TResult>(e);

                    // Only an answer proves that the server is back, whoever is to blame that there is none.
                    return Outcome.FromResult(RequestOutcome.Failed);
                }
            },
            context,
            this).ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);

        if (outcome.Exception is BrokenCircuitException broken)
        {
            throw Refusal(broken);
        }

        if (sending is null)
        {
            ExceptionDispatchInfo.Throw(outcome.Exception!);
        }

        return await sending.ConfigureAwait(false);
    }

    private RpcException Refusal(BrokenCircuitException broken)
    {
        var wait = broken.RetryAfter ?? TimeSpan.Zero;
        var when = wait > TimeSpan.Zero
            ? FormattableString.Invariant($"until {_time.GetUtcNow() + wait:HH:mm:ss.fff} UTC (in {wait.TotalSeconds:0.0##} s)")
            : "while a probe is on its way";
        return new RpcException(new Status(
            StatusCode.Unavailable,
            $"The breaker of {_address} is open {when}: too many of its requests failed. Nothing was sent. (Resilience:BreakerFailureRatio)",
            broken));
    }
}
