using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Polly;
using PooledClients.Diagnostics;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>Tries idempotent requests again, and leaves an authority alone that only fails.</summary>
internal sealed class HttpResilienceHandler : DelegatingHandler
{
    // A crawler's authorities must not add up for ever; those past the bound are sent to as they come.
    private const int MostAuthorities = 1000;

    private readonly ConcurrentDictionary<(string Scheme, string Host, int Port), HttpAuthorityResilience> _authorities = new();
    private readonly Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> _send;
    private readonly string _client;
    private readonly HttpResilienceOptions _options;
    private readonly AddressPolicies _shared;
    private readonly TimeProvider _time;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _logger;

    public HttpResilienceHandler(
        string client, HttpResilienceOptions options, AddressPolicies shared, TimeProvider time, HttpMetrics metrics, ILogger logger)
    {
        _client = client;
        _options = options;
        _shared = shared;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _send = base.SendAsync;
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(request, cancellationToken).GetAwaiter().GetResult();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => Find(request.RequestUri) is { } authority ? SendAsync(authority, request, cancellationToken) : _send(request, cancellationToken);

    private static async ValueTask<Outcome<HttpResponseMessage>> AttemptAsync(ResilienceContext context, HttpAttempts attempts)
    {
        try
        {
            return Outcome.FromResult(await attempts.Send(attempts.Request, context.CancellationToken).ConfigureAwait(false));
        }
        catch (Exception exception)
        {
            return Outcome.FromException<HttpResponseMessage>(exception);
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpAuthorityResilience authority, HttpAttempts attempts, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(HttpAttempts.Key, attempts);
        try
        {
            var outcome = await authority.Pipeline.ExecuteOutcomeAsync(AttemptAsync, context, attempts).ConfigureAwait(false);
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
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static string Until(BreakerOpenException exception)
        => exception.RetryAfter is var time && time > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $" for another {time.TotalSeconds:0.###} s") : "";

    private Task<HttpResponseMessage> SendAsync(HttpAuthorityResilience authority, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        authority.RecordCall();
        return SendAsync(authority, new HttpAttempts(request, _send), cancellationToken);
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
