using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
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

    // An attempt that succeeds at once costs this frame alone.
    private async Task<HttpResponseMessage> SendAsync(HttpAuthorityResilience authority, HttpRequestMessage request, bool isAsync, CancellationToken cancellationToken)
    {
        var call = request.Options.TryGetValue(IHttpCall.Key, out var known) ? known : null;
        var sent = new SentRequest(request);
        var outcome = RequestOutcome.Ignored;
        try
        {
            for (var retries = 0; ; retries++)
            {
                HttpResponseMessage? response = null;
                Exception? failure = null;
                try
                {
                    response = authority.Breaker is { IsClosed: false } breaker ? await ProbeAsync(breaker, request, call, isAsync, cancellationToken).ConfigureAwait(false)
                        : isAsync ? await base.SendAsync(request, cancellationToken).ConfigureAwait(false)
                        : base.Send(request, cancellationToken);
                }
#pragma warning disable CA1031 // Judged, and thrown on unless it is tried again.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    failure = exception is BreakerOpenException open ? LeftAlone(authority, open) : exception;
                }

                outcome = HttpFaults.Judge(response, failure, call);
                authority.Breaker?.Report(outcome);
                if (cancellationToken.IsCancellationRequested || !authority.TryRetry(request, sent, retries, response, failure, call, out var pause))
                {
                    if (failure is not null)
                    {
                        ExceptionDispatchInfo.Throw(failure);
                    }

                    return response!;
                }

                response?.Dispose();
                sent.Restore(request);
                call?.BackOff();
                await PauseAsync(pause, isAsync, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            authority.End(outcome == RequestOutcome.Failed);
        }
    }

    private Task<HttpResponseMessage> ProbeAsync(AddressBreaker breaker, HttpRequestMessage request, IHttpCall? call, bool isAsync, CancellationToken cancellationToken)
        => breaker.ProbeAsync(
            () => isAsync ? base.SendAsync(request, cancellationToken) : Task.FromResult(base.Send(request, cancellationToken)),
            response => HttpFaults.Judge(response, failure: null, call),
            failure => HttpFaults.Judge(response: null, failure, call));

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

    private static HttpRequestException LeftAlone(HttpAuthorityResilience authority, BreakerOpenException exception) => new(
        $"{authority.Name} is left alone{Until(exception)}, because nearly every request to it failed (Resilience:{nameof(HttpResilienceOptions.BreakerFailureRatio)}).",
        exception);

    private static string Until(BreakerOpenException exception)
        => exception.RetryAfter is var time && time > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $" for another {time.TotalSeconds:0.###} s") : "";

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
