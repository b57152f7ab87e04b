using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
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
    private readonly HttpAuthorityRegistry _shared;
    private readonly TimeProvider _time;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _logger;

    public HttpResilienceHandler(
        string client, HttpResilienceOptions options, HttpAuthorityRegistry shared, TimeProvider time, HttpMetrics metrics, ILogger logger)
    {
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
            ? SendAsync(authority, Begin(authority, request), isAsync: false, cancellationToken).GetAwaiter().GetResult()
            : base.Send(request, cancellationToken);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => Find(request.RequestUri) is { } authority
            ? SendAsync(authority, Begin(authority, request), isAsync: true, cancellationToken)
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
        try
        {
            if (!isAsync)
            {
                return authority.Pipeline.Execute(static (context, attempts) => attempts.Send(attempts.Request, context.CancellationToken), context, attempts);
            }

            var outcome = await authority.Pipeline.ExecuteOutcomeAsync(AttemptAsync, context, attempts).ConfigureAwait(false);
            outcome.ThrowIfException();
            return outcome.Result!;
        }
        catch (BrokenCircuitException exception)
        {
            throw new HttpRequestException(
                $"{attempts.Request.RequestUri!.Authority} is left alone{Until(exception)}, because nearly every request to it failed " +
                $"(Resilience:{nameof(HttpResilienceOptions.BreakerFailureRatio)}).",
                exception);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static string Until(BrokenCircuitException exception)
        => exception.RetryAfter is { } time ? string.Create(CultureInfo.InvariantCulture, $" for another {time.TotalSeconds:0.###} s") : "";

    private HttpAttempts Begin(HttpAuthorityResilience authority, HttpRequestMessage request)
    {
        authority.RecordCall();
        return new HttpAttempts(request, _sendAsync, _send);
    }

    private HttpAuthorityResilience? Find(Uri? uri)
    {
        if (uri is not { IsAbsoluteUri: true })
        {
            return null;
        }

        var key = (uri.Scheme, uri.Host, uri.Port);
        return _authorities.TryGetValue(key, out var known) ? known
            : _authorities.Count >= MostAuthorities ? null
            : _authorities.GetOrAdd(key, static (_, create) => create.Self.Create(create.Uri), (Self: this, Uri: uri));
    }

    private HttpAuthorityResilience Create(Uri uri) => new(_client, uri, _options, _shared, _time, _metrics, _logger);
}
