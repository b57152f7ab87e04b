using System.Text;
using PooledClients.Connections;
using PooledClients.Connections.Budget;

namespace PooledClients.Http.Exchanges;

/// <summary>The innermost handler: sends on the long-lived transport, and tells the exchange how far the request has come.</summary>
internal sealed class HttpTransportHandler(Transport transport, IPressureRelief relief, bool addsHeaders) : HttpMessageHandler
{
    // Streams of an HTTP/2 connection that servers allow as a rule.
    private const int StreamsOfConnection = 100;

    private readonly int _connections = transport.Key.Connection.ConnectionCap(isMultiplexed: false);

    /// <summary>
    /// For the transport's <see cref="SocketsHttpHandler.RequestHeaderEncodingSelector"/>: asked while the headers are written, so it
    /// is the one place that knows when a request has its connection.
    /// </summary>
    public static void OnHeaderWritten(HttpRequestMessage request)
    {
        if (request.Options.TryGetValue(HttpExchange.Key, out var exchange))
        {
            exchange.Advance(ExchangePhase.Connecting, request.Content is null ? ExchangePhase.WaitingForHeaders : ExchangePhase.Sending);
        }
    }

    // A synchronous caller blocks in the outermost handler already; this is for one that comes past it.
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => SendAsync(request, cancellationToken).GetAwaiter().GetResult();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Options.TryGetValue(HttpExchange.Key, out var exchange))
        {
            return transport.SendAsync(request, call: null, cancellationToken);
        }

        // Nothing tells when a request without any header gets its connection.
        var hasHeaders = addsHeaders || request.Headers.NonValidated.Count > 0 || request.Content is not null;
        exchange.Enter(hasHeaders ? ExchangePhase.Connecting : ExchangePhase.Waiting);
        if (IsShort(request, exchange))
        {
            return SendUnderPressureAsync(request, exchange, cancellationToken);
        }

        return SendAsync(request, exchange, cancellationToken);
    }

    // The handler queues a request for which there is no connection, and no connect is made that the gate could see waiting.
    private bool IsShort(HttpRequestMessage request, HttpExchange exchange)
        => exchange.Route.Authority.Open >= (request.Version.Major < 2 ? _connections : _connections * StreamsOfConnection);

    private async Task<HttpResponseMessage> SendUnderPressureAsync(HttpRequestMessage request, HttpExchange exchange, CancellationToken cancellationToken)
    {
        relief.BeginWait();
        try
        {
            return await SendAsync(request, exchange, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            relief.EndWait();
        }
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpExchange exchange, CancellationToken cancellationToken)
        => request.Content is null
            ? transport.SendAsync(request, exchange, cancellationToken)
            : SendContentAsync(request, request.Content, exchange, cancellationToken);

    private async Task<HttpResponseMessage> SendContentAsync(
        HttpRequestMessage request, HttpContent content, HttpExchange exchange, CancellationToken cancellationToken)
    {
        request.Content = new SentContent(content, exchange);
        try
        {
            return await transport.SendAsync(request, exchange, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The handlers in front, a retry among them, find their own content again.
            request.Content = content;
        }
    }
}
