using Polly;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>Has the attempts of an HTTP request ask the breaker of their address, which they share with its gRPC calls.</summary>
internal sealed class HttpBreakerStrategy(AddressBreaker breaker) : ResilienceStrategy<HttpResponseMessage>
{
    protected override async ValueTask<Outcome<HttpResponseMessage>> ExecuteCore<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<HttpResponseMessage>>> callback, ResilienceContext context, TState state)
    {
        var call = context.Properties.GetValue(HttpAttempts.Key, null!).Call;
        if (breaker.IsClosed)
        {
            var outcome = await callback(context, state).ConfigureAwait(context.ContinueOnCapturedContext);
            breaker.Report(HttpFaults.Judge(outcome, call));
            return outcome;
        }

        try
        {
            return await breaker.ProbeAsync(
                () => callback(context, state).AsTask(), outcome => HttpFaults.Judge(outcome, call), static _ => RequestOutcome.Ignored)
                .ConfigureAwait(context.ContinueOnCapturedContext);
        }
        catch (BreakerOpenException exception)
        {
            return Outcome.FromException<HttpResponseMessage>(exception);
        }
    }
}
