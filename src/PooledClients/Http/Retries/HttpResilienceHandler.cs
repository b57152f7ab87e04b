using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Polly;
using PooledClients.Connections;
using PooledClients.Diagnostics;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>Tries idempotent requests again, and leaves an authority alone that only fails.</summary>
internal sealed class HttpResilienceHandler : DelegatingHandler
{
    // A crawler's authorities must not add up for ever; those past the bound are sent to as they come.
    private const int MostAuthorities = 1000;

    private readonly ConcurrentDictionary<(string Scheme, string Host, int Port), HttpAuthorityResilience> _authorities = new();
    private readonly Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> _sendAsync;
    private readonly Func<HttpRequestMessage, CancellationToken, HttpResponseMessage> _send;
    private readonly string _client;
    private readonly HttpResilienceOptions _options;
    private readonly AddressPolicies _shared;
    private readonly TimeProvider _time;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _logger;
    private readonly IdleSweep? _sweep;

    public HttpResilienceHandler(
        string client,
        HttpResilienceOptions options,
        AddressPolicies shared,
        TimeProvider time,
        HttpMetrics metrics,
        ILogger logger,
        IdleSweep? sweep = null)
    {
        _sweep = sweep;
        sweep?.Add(ForgetUnused);
        _client = client;
        _options = options;
        _shared = shared;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _sendAsync = base.SendAsync;
        _send = base.Send;
    }

    // It has ended when it returns: pauses between attempts block this thread, which is the caller's.
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => Find(request.RequestUri) is { } authority
            ? SendAsync(authority, Begin(request), isAsync: false, cancellationToken).GetAwaiter().GetResult()
            : base.Send(request, cancellationToken);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => Find(request.RequestUri) is { } authority
            ? SendAsync(authority, Begin(request), isAsync: true, cancellationToken)
            : base.SendAsync(request, cancellationToken);

    private static async ValueTask<Outcome<HttpResponseMessage>> AttemptAsync(ResilienceContext context, HttpAttempts attempts)
    {
        try
        {
            return Outcome.FromResult(await attempts.SendAsync(attempts.Request, context.CancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception)
        {
            return Outcome.FromException<HttpResponseMessage>(exception);
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpAuthorityResilience authority, HttpAttempts attempts, bool isAsync, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(HttpAttempts.Key, attempts);
        var failed = true;
        try
        {
            if (!isAsync)
            {
                var answer = authority.Pipeline.Execute(static (context, attempts) => attempts.Send(attempts.Request, context.CancellationToken), context, attempts);
                failed = HttpFaults.Judge(Outcome.FromResult(answer), attempts.Call) == RequestOutcome.Failed;
                return answer;
            }

            var outcome = await authority.Pipeline.ExecuteOutcomeAsync(AttemptAsync, context, attempts).ConfigureAwait(false);
            failed = HttpFaults.Judge(outcome, attempts.Call) == RequestOutcome.Failed;
            outcome.ThrowIfException();
            return outcome.Result!;
        }
        catch (BreakerOpenException exception)
        {
            throw new HttpRequestException(
                $"{attempts.Request.RequestUri!.Authority} is left alone{Until(exception)}, because nearly every request to it failed " +
                $"(Resilience:{nameof(HttpResilienceOptions.BreakerFailureRatio)}).",
                exception);
        }
        finally
        {
            authority.End(failed);
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static string Until(BreakerOpenException exception)
        => exception.RetryAfter is var time && time > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $" for another {time.TotalSeconds:0.###} s") : "";

    private HttpAttempts Begin(HttpRequestMessage request) => new(request, _sendAsync, _send);

    private bool ForgetUnused()
    {
        foreach (var entry in _authorities)
        {
            if (entry.Value.TryForget())
            {
                _authorities.TryRemove(entry);
            }
        }

        return !_authorities.IsEmpty;
    }

    private HttpAuthorityResilience? Find(Uri? uri)
    {
        if (uri is not { IsAbsoluteUri: true })
        {
            return null;
        }

        var key = (uri.Scheme, uri.Host, uri.Port);
        while (true)
        {
            if (!_authorities.TryGetValue(key, out var authority))
            {
                if (_authorities.Count >= MostAuthorities)
                {
                    return null;
                }

                var made = Create(uri);
                authority = _authorities.GetOrAdd(key, made);
                if (authority != made)
                {
                    made.Drop();
                }

                _sweep?.Wake();
            }

            if (authority.TryBegin())
            {
                return authority;
            }

            // It is being forgotten.
            _authorities.TryRemove(new(key, authority));
        }
    }

    private HttpAuthorityResilience Create(Uri uri) => new(_client, uri, _options, _shared, _time, _metrics, _logger);
}
