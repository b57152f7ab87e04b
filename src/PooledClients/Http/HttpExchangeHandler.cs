using System.Net.Http.Metrics;
using PooledClients.Connections.CallSites;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Exchanges.Bodies;
using PooledClients.Http.Exchanges.Timing;
using PooledClients.Http.Retries;

namespace PooledClients.Http;

/// <summary>
/// The outermost handler: gives each request its exchange, which carries the deadline, and each response with an open body its
/// tracked content.
/// </summary>
internal sealed class HttpExchangeHandler : DelegatingHandler
{
    private readonly HttpClientState _client;
    private readonly CallSiteSampler _sampler;
    private readonly RequestDurationInstruments _durations;
    private readonly HttpResilience? _resilience;
    private readonly Action<HttpMetricsEnrichmentContext> _tagClient;
    private readonly Func<HttpRequestMessage, bool, CancellationToken, Task<HttpResponseMessage>> _sendOnce;

    /// <param name="client">The client.</param>
    /// <param name="sampler">Says who makes a request.</param>
    /// <param name="durations">Says whether anybody wants a request's duration.</param>
    /// <param name="resilience">Tries again what failed; without it nothing is.</param>
    public HttpExchangeHandler(HttpClientState client, CallSiteSampler sampler, RequestDurationInstruments durations, HttpResilience? resilience = null)
    {
        _resilience = resilience;
        _sendOnce = SendOnceAsync;
        _durations = durations;
        _client = client;
        _sampler = sampler;
        _tagClient = context => context.AddCustomTag("pooledclients.client", _client.DisplayName);
    }

    /// <summary>Whether the innermost handler is ours, which tells the exchange how far its request comes.</summary>
    public bool HasTransport { get; init; }

    /// <summary>Whether handlers of the caller's own are between: each attempt passes them, and they may change the request.</summary>
    public bool HasHandlers { get; init; }

    // It has ended when it returns: the handlers below are asked synchronously, down to the transport.
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(request, isAsync: false, cancellationToken).GetAwaiter().GetResult();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(request, isAsync: true, cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool isAsync, CancellationToken cancellationToken)
    {
        var ambient = CallDeadline.Value;
        var exchange = Begin(request, ambient?.Deadline);
        exchange.EndWith(ambient?.CancellationToken ?? CancellationToken.None);
        var cancellation = cancellationToken.UnsafeRegister(static state => ((HttpExchange)state!).Abort(ExchangeEnd.Cancelled), exchange);
        HttpResponseMessage? response = null;
        try
        {
            if (exchange.End == ExchangeEnd.DeadlinePassed)
            {
                // Nothing is sent any more. The handlers see by themselves that the caller has cancelled.
                throw new OperationCanceledException(exchange.Token);
            }

            var authority = _resilience?.Begin(request.RequestUri);
            if (authority is null)
            {
                response = await SendOnceAsync(request, isAsync, exchange.Token).ConfigureAwait(false);
            }
            else
            {
                var sent = new SentRequest(request, HasHandlers, _durations.MayBeEnabled ? _tagClient : null);
                HttpAttempt? first = null;
                if (authority.Breaker is null or { IsClosed: true })
                {
                    try
                    {
                        response = await SendOnceAsync(request, isAsync, exchange.Token).ConfigureAwait(false);
                        first = new(response, Failure: null);
                    }
#pragma warning disable CA1031 // Judged, and thrown on unless it is tried again.
                    catch (Exception exception)
#pragma warning restore CA1031
                    {
                        first = new(Response: null, exception);
                    }
                }

                if (response is null || !authority.TryEnd(response, exchange))
                {
                    response = await _resilience!.GoOnAsync(authority, first, sent, exchange, _sendOnce, isAsync, exchange.Token).ConfigureAwait(false);
                }
            }

            if (response is null)
            {
                // A handler's fault, which the client tells.
                exchange.TryComplete();
                return response!;
            }

            Track(exchange, request, response);
        }
        catch (Exception exception)
        {
            exchange.TryComplete();
            ThrowIfAborted(exchange, exception, cancellationToken);
            throw;
        }
        finally
        {
            // From here on the caller's token is for the headers no more: a read brings its own.
            cancellation.Unregister();
        }

        if (exchange.End is not (ExchangeEnd.None or ExchangeEnd.Completed))
        {
            response.Dispose();
            ThrowIfAborted(exchange, cause: null, cancellationToken);
        }

        return response;
    }

    // A synchronous one has ended when it returns.
    private Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, bool isAsync, CancellationToken cancellationToken)
        => isAsync ? base.SendAsync(request, cancellationToken) : Task.FromResult(base.Send(request, cancellationToken));

    private static void ThrowIfAborted(HttpExchange exchange, Exception? cause, CancellationToken cancellationToken)
    {
        if (ExchangeErrors.Of(exchange, cause) is { } aborted)
        {
            throw aborted;
        }

        if (exchange.End == ExchangeEnd.Cancelled && cause is null or OperationCanceledException)
        {
            throw ExchangeErrors.Cancelled(cause as OperationCanceledException, cancellationToken);
        }
    }

    private HttpExchange Begin(HttpRequestMessage request, DateTime? ambientDeadline)
    {
        var route = _client.Routes.Get(request);
        var limits = _client.StreamLimits;
        var deadline = _client.Options.Deadline ?? Timeout.InfiniteTimeSpan;
        var isClients = true;
        if (request.Options.TryGetValue(PooledHttpRequestOptions.Deadline, out var own))
        {
            // What is computed as left over may be negative: it has passed. It holds for a stream as well.
            deadline = own < TimeSpan.Zero && own != Timeout.InfiniteTimeSpan ? TimeSpan.Zero : own;
            limits = null;
            isClients = false;
        }

        if (ambientDeadline is { } until && until != DateTime.MaxValue)
        {
            var left = until - _client.Time.GetUtcNow().UtcDateTime;
            left = left > TimeSpan.Zero ? left : TimeSpan.Zero;
            (deadline, isClients) = deadline == Timeout.InfiniteTimeSpan || left < deadline ? (left, false) : (deadline, isClients);
            limits = limits?.NoLaterThan(left);
        }

        var exchange = new HttpExchange(_client, route, deadline, _sampler.Capture(route), limits) { HasTransport = HasTransport, HasClientsDeadline = isClients };
        request.Options.Set(HttpExchange.Key, exchange);
        if (_durations.MayBeEnabled)
        {
            HttpMetricsEnrichmentContext.AddCallback(request, _tagClient);
        }

        return exchange;
    }

    private static void Track(HttpExchange exchange, HttpRequestMessage request, HttpResponseMessage response)
    {
        var body = ResponseBody.Of(request, response);
        if (body.Kind == BodyKind.InMemory)
        {
            exchange.TryComplete();
            return;
        }

        var content = new TrackedContent(exchange, response.Content, body);
        response.Content = content;
        if (body.Kind == BodyKind.Empty)
        {
            exchange.TryComplete();
        }
        else
        {
            exchange.Bind(content);
        }
    }
}
