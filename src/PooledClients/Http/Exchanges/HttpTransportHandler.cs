using System.Net.Http.Json;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Http.Exchanges.Timing;
using PooledClients.Http.Retries;
using PooledClients.Http.Routes;
using PooledClients.Platform;

namespace PooledClients.Http.Exchanges;

/// <summary>The innermost handler: sends on the long-lived transport, and tells the exchange how far the request has come.</summary>
internal sealed class HttpTransportHandler(Transport transport, IPressureRelief relief, bool addsHeaders) : HttpMessageHandler
{
    // Streams of an HTTP/2 connection that servers allow as a rule.
    private const int StreamsOfConnection = 100;

    private const int ShortContent = 16 * 1024;

    private readonly int _connections = transport.Key.Connection.ConnectionCap(isMultiplexed: false);

    /// <summary>
    /// For the transport's <see cref="SocketsHttpHandler.RequestHeaderEncodingSelector"/>: asked while the headers are written, so it
    /// is the one place that knows when a request has its connection.
    /// </summary>
    public static void OnHeaderWritten(HttpRequestMessage request)
    {
        if (request.Options.TryGetValue(HttpExchange.Key, out var exchange))
        {
            exchange.Advance(ExchangePhase.Connecting, TakesTimeToSend(request.Content) ? ExchangePhase.Sending : ExchangePhase.WaitingForHeaders);
        }
    }

    // The runtime sends a request without a content again, whatever its method, when a connection that was used before ends without an
    // answer; one with a content, be it empty, it does not. On the wire they are the same.
    private static bool NeedsContent(HttpRequestMessage request)
        => request.Content is null
            && request.Method != HttpMethod.Connect
            && !Idempotence.Of(request, request.Method)
            && !request.Headers.NonValidated.Contains("Transfer-Encoding")
            && !request.Headers.NonValidated.Contains("Expect")
            && (request.Version.Major < 2 || request.VersionPolicy == HttpVersionPolicy.RequestVersionOrLower);

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, bool isAsync, CancellationToken cancellationToken)
    {
        var empty = new ByteArrayContent([]);
        request.Content = empty;
        try
        {
            return await SendAsync(request, isAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (request.Content == empty)
            {
                request.Content = null;
            }
        }
    }

    // The content goes to the runtime as it is, for the runtime treats its own types in ways of their own; so nothing tells when all of it
    // has been sent, but a short one goes with the headers.
    private static bool TakesTimeToSend(HttpContent? content)
        => content is not (null or JsonContent) && content.Headers.ContentLength is not <= ShortContent;

    // It has ended when it returns: the runtime's handlers are asked synchronously.
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(request, isAsync: false, cancellationToken).GetAwaiter().GetResult();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(request, isAsync: true, cancellationToken);

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool isAsync, CancellationToken cancellationToken)
    {
        if (NeedsContent(request))
        {
            return SendOnceAsync(request, isAsync, cancellationToken);
        }

        if (!request.Options.TryGetValue(HttpExchange.Key, out var exchange))
        {
            return transport.SendAsync(request, call: null, isAsync, cancellationToken);
        }

        // Nothing tells when a request without any header gets its connection: while there may be none for it, it waits for that.
        var hasHeaders = addsHeaders || RuntimeContracts.HasHeaders(request) || request.Content is not null;
        var authority = exchange.Route.Authority;
        var mayQueue = request.Version.Major < 2 && !authority.IsShared && authority.Calls > _connections;
        exchange.Give(hasHeaders || mayQueue ? ExchangePhase.Connecting : ExchangePhase.Waiting);
        if (mayQueue && authority.TryWatch())
        {
            BeginWatch(authority);
        }

        return IsShort(request, exchange)
            ? SendUnderPressureAsync(request, exchange, isAsync, cancellationToken)
            : transport.SendAsync(request, exchange, isAsync, cancellationToken);
    }

    // A request that waits behind others for a connection counts as one that waits only if none was free when it came: those that hold all of
    // them may be given up while it waits. Apart, so that a request that begins no watch makes no closure.
    private void BeginWatch(HttpAuthority authority) => relief.Watch(() => authority.IsShortOf(_connections));

    // The handler queues a request for which there is no connection, and no connect is made that the gate could see waiting.
    private bool IsShort(HttpRequestMessage request, HttpExchange exchange)
        => exchange.Route.Authority is { IsShared: false } authority && authority.Open >= (request.Version.Major < 2 ? _connections : _connections * StreamsOfConnection);

    private async Task<HttpResponseMessage> SendUnderPressureAsync(HttpRequestMessage request, HttpExchange exchange, bool isAsync, CancellationToken cancellationToken)
    {
        relief.BeginWait();
        try
        {
            return await transport.SendAsync(request, exchange, isAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            relief.EndWait();
        }
    }
}
