using Polly;
using Polly.CircuitBreaker;

namespace PooledClients.Resilience;

/// <summary>
/// The breaker of one authority: Polly's. While it is closed an attempt does not go through it but is reported to it afterwards, which costs
/// no async frame; when it is not, attempts go through it and probe.
/// </summary>
internal sealed class HttpBreaker
{
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline<HttpVerdict> _pipeline;

    public HttpBreaker(BreakerSettings settings, TimeProvider time, Action<TimeSpan, object?> onOpened, Action onClosed)
        => _pipeline = new ResiliencePipelineBuilder<HttpVerdict> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpVerdict>
            {
                FailureRatio = settings.FailureRatio,
                MinimumThroughput = settings.MinimumRequests,
                SamplingDuration = settings.SamplingDuration,
                BreakDuration = settings.BreakDuration,
                StateProvider = _state,
                ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Result.Outcome == RequestOutcome.Failed),
                OnOpened = args =>
                {
                    onOpened(args.BreakDuration, args.Outcome.Result.Cause);
                    return default;
                },
                OnClosed = _ =>
                {
                    onClosed();
                    return default;
                },
            })
            .Build();

    /// <summary>Whether attempts may go out without asking.</summary>
    public bool IsClosed => _state.CircuitState == CircuitState.Closed;

    /// <summary>Counts an attempt that went out while the breaker was closed.</summary>
    public void Report(HttpVerdict verdict)
    {
        if (verdict.Outcome == RequestOutcome.Ignored || !IsClosed)
        {
            return;
        }

        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        var reported = _pipeline.ExecuteOutcomeAsync(static (_, verdict) => ValueTask.FromResult(Outcome.FromResult(verdict)), context, verdict);

        // The report that opens the breaker may wait for its handlers; the caller does not.
        if (reported.IsCompletedSuccessfully)
        {
            _ = reported.Result;
            ResilienceContextPool.Shared.Return(context);
        }
        else
        {
            _ = ReturnWhenReportedAsync(reported, context);
        }
    }

    /// <summary>Makes an attempt while the breaker is not closed: as its probe, or not at all.</summary>
    /// <exception cref="BrokenCircuitException">It is open.</exception>
    public async Task ProbeAsync(Func<Task<HttpVerdict>> attempt)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false);
        var outcome = await _pipeline.ExecuteOutcomeAsync(
            static async (_, attempt) => Outcome.FromResult(await attempt().ConfigureAwait(false)), context, attempt).ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);
        outcome.ThrowIfException();
    }

    /// <summary>As above, on this thread.</summary>
    /// <exception cref="BrokenCircuitException">It is open.</exception>
    public void Probe(Func<HttpVerdict> attempt) => _pipeline.Execute(attempt);

    private static async Task ReturnWhenReportedAsync(ValueTask<Outcome<HttpVerdict>> reported, ResilienceContext context)
    {
        await reported.ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);
    }
}
