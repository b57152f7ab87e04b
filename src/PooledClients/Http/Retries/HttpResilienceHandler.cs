using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;
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
    private readonly string _client;
    private readonly HttpResilienceOptions _options;
    private readonly HttpAuthorityRegistry _shared;
    private readonly TimeProvider _time;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _logger;
    private readonly IdleSweep? _sweep;

    public HttpResilienceHandler(
        string client,
        HttpResilienceOptions options,
        HttpAuthorityRegistry shared,
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
    }

    // It has ended when it returns: pauses between attempts block this thread, which is the caller's.
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => Find(request.RequestUri) is { } authority
            ? SendAsync(authority, request, isAsync: false, cancellationToken).GetAwaiter().GetResult()
            : base.Send(request, cancellationToken);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => Find(request.RequestUri) is { } authority
            ? SendAsync(authority, request, isAsync: true, cancellationToken)
            : base.SendAsync(request, cancellationToken);

    // The first attempt costs a frame; what a failed one leads to is decided after it.
    private async Task<HttpResponseMessage> SendAsync(HttpAuthorityResilience authority, HttpRequestMessage request, bool isAsync, CancellationToken cancellationToken)
    {
        var attempts = new HttpAttempts(request);
        var failed = false;
        try
        {
            while (true)
            {
                HttpResponseMessage? response = null;
                Exception? failure = null;
                try
                {
                    response = authority.Breaker is { IsClosed: false } breaker ? await ProbeAsync(breaker, request, attempts.Call, isAsync, cancellationToken).ConfigureAwait(false)
                        : isAsync ? await base.SendAsync(request, cancellationToken).ConfigureAwait(false)
                        : base.Send(request, cancellationToken);
                }
                catch (Exception exception)
                {
                    failure = exception is BrokenCircuitException broken ? LeftAlone(authority, broken) : exception;
                }

                var verdict = HttpFaults.Judge(response, failure, attempts.Call);
                failed = verdict.Outcome == RequestOutcome.Failed;
                authority.Breaker?.Report(verdict);
                if (!authority.MayRetry(attempts, response, failure, cancellationToken, out var pause))
                {
                    if (failure is not null)
                    {
                        ExceptionDispatchInfo.Throw(failure);
                    }

                    return response!;
                }

                response?.Dispose();
                attempts.Restore();
                attempts.Call?.BackOff();
                await PauseAsync(pause, isAsync, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            authority.End(failed);
        }
    }

    private async ValueTask<HttpResponseMessage> ProbeAsync(
        HttpBreaker breaker, HttpRequestMessage request, IHttpCall? call, bool isAsync, CancellationToken cancellationToken)
    {
        HttpResponseMessage? response = null;
        Exception? failure = null;
        if (isAsync)
        {
            await breaker.ProbeAsync(async () =>
            {
                try
                {
                    response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception exception)
                {
                    failure = exception;
                }

                return HttpFaults.Judge(response, failure, call);
            }).ConfigureAwait(false);
        }
        else
        {
            breaker.Probe(() =>
            {
                try
                {
                    response = base.Send(request, cancellationToken);
                }
                catch (Exception exception)
                {
                    failure = exception;
                }

                return HttpFaults.Judge(response, failure, call);
            });
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return response!;
    }

    private async ValueTask PauseAsync(TimeSpan pause, bool isAsync, CancellationToken cancellationToken)
    {
        if (isAsync)
        {
            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
        else if (cancellationToken.WaitHandle.WaitOne(pause))
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private static HttpRequestException LeftAlone(HttpAuthorityResilience authority, BrokenCircuitException exception) => new(
        $"{authority.Name} is left alone{Until(exception)}, because nearly every request to it failed (Resilience:{nameof(HttpResilienceOptions.BreakerFailureRatio)}).",
        exception);

    private static string Until(BrokenCircuitException exception)
        => exception.RetryAfter is { } time ? string.Create(CultureInfo.InvariantCulture, $" for another {time.TotalSeconds:0.###} s") : "";

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
