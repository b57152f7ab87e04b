using PooledClients.Connections;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Exchanges.Timing;
using PooledClients.Http.Retries;
using PooledClients.Resilience;

namespace PooledClients.Http.Balancing;

/// <summary>The innermost handler of a client whose service has several endpoints: picks one for each request to the service, and sends all others as ever.</summary>
/// <param name="service">What requests to the service name: scheme, host and port of the base address.</param>
/// <param name="set">The endpoints.</param>
/// <param name="elsewhere">Sends what goes elsewhere.</param>
/// <param name="timeProvider">Times the requests.</param>
internal sealed class HttpEndpointsHandler(Uri service, EndpointSet set, HttpTransportHandler elsewhere, TimeProvider timeProvider) : HttpMessageHandler
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    private static readonly HttpRequestOptionsKey<Endpoint> Tried = new("PooledClients.Tried");

    private readonly HttpMessageInvoker _elsewhere = new(elsewhere, disposeHandler: false);

    /// <summary>Gets the endpoints.</summary>
    public EndpointSet Set => set;

    // It has ended when it returns: the handlers below are asked synchronously.
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => IsOfService(request)
        ? SendAsync(request, isAsync: false, cancellationToken).GetAwaiter().GetResult()
        : _elsewhere.Send(request, cancellationToken);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => IsOfService(request)
        ? SendAsync(request, isAsync: true, cancellationToken)
        : _elsewhere.SendAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool isAsync, CancellationToken cancellationToken)
    {
        if (request.Options.TryGetValue(HttpExchange.Key, out var exchange))
        {
            // To look for an endpoint is a part of the way to the server.
            exchange.Give(ExchangePhase.Waiting);
        }

        var address = request.RequestUri!;
        var other = request.Options.TryGetValue(Tried, out var tried) ? tried : null;
        for (var failed = 0; ;)
        {
            var endpoint = set.Pick(isStream: false, other)
                ?? (isAsync ? await set.WaitAsync(isStream: false, waitsForReady: false, cancellationToken).ConfigureAwait(false) : Wait(cancellationToken))
                ?? throw NoEndpoint();
            request.Options.Set(Tried, endpoint);
            var connections = (HttpEndpoint)endpoint.Connections;
            var here = AddressAt(connections.Origin, address);
            request.RequestUri = here;
            var outcome = EndpointOutcome.Unknown;
            var startedAt = timeProvider.GetTimestamp();
            endpoint.Begin(isStream: false, startedAt);
            try
            {
                var response = isAsync ? await connections.SendAsync(request, cancellationToken).ConfigureAwait(false) : connections.Send(request, cancellationToken);
                outcome = OutcomeOf(response, failure: null, request);
                return response;
            }
            catch (Exception exception)
            {
                var kind = FailureClassifier.Classify(exception).Kind;

                // That it does not speak what is asked of it is held against one endpoint of many, though against no server that is the only one.
                outcome = kind == FailureKind.WrongProtocol ? EndpointOutcome.Failed : OutcomeOf(response: null, exception, request);

                // What found no connection was not sent; one that a redirect has led elsewhere is no endpoint's matter.
                var hasLeft = exception is ObjectDisposedException && !set.IsClosed && kind == FailureKind.Disposed;
                if (cancellationToken.IsCancellationRequested || request.RequestUri != here || !(hasLeft || IsConnectFailure(exception)) || ++failed >= set.All.Count + (hasLeft ? 1 : 0))
                {
                    throw;
                }

                outcome = hasLeft || kind == FailureKind.Untrusted ? EndpointOutcome.Unknown : EndpointOutcome.Failed;
                other = endpoint;
            }
            finally
            {
                endpoint.End(isStream: false, outcome, startedAt);
                if (request.RequestUri == here)
                {
                    request.RequestUri = address;
                }
            }
        }
    }

    // Whatever kept a connection to one endpoint from being made, trust included, need not keep another's. Of one that was made and never came up nothing
    // is proven: the runtime holds no content back until a server has spoken, and who reads first may have processed it.
    private static bool IsConnectFailure(Exception exception) =>
        FailureClassifier.Classify(exception) is { IsConnect: true, MayBeProcessed: false, Kind: not FailureKind.NeverCameUp, Owner: not FaultOwner.Process };

    // The caller's thread waits, so that no thread of the pool is needed for it to go on.
    private Endpoint? Wait(CancellationToken cancellationToken)
    {
        var since = timeProvider.GetTimestamp();
        while (!set.IsClosed && (set.All.Count > 0 || set.FailedAt < since))
        {
            if (set.Pick(isStream: false) is { } endpoint)
            {
                return endpoint;
            }

            cancellationToken.WaitHandle.WaitOne(Look);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return null;
    }

    private static EndpointOutcome OutcomeOf(HttpResponseMessage? response, Exception? failure, HttpRequestMessage request) =>
        HttpFaults.Judge(response, failure, request.Options.TryGetValue(HttpExchange.Key, out var exchange) ? exchange : null).OfEndpoint();

    private static Uri AddressAt(Uri origin, Uri address) =>
        address.Scheme == origin.Scheme && address.Authority == origin.Authority
            ? address
            : new UriBuilder(address) { Scheme = origin.Scheme, Host = origin.IdnHost, Port = origin.Port }.Uri;

    private bool IsOfService(HttpRequestMessage request) => request.RequestUri is { IsAbsoluteUri: true } address
        && address.Scheme == service.Scheme && address.Port == service.Port && address.IdnHost == service.IdnHost;

    private HttpRequestException NoEndpoint() => set.IsClosed
        ? new HttpRequestException(HttpRequestError.ConnectionError, $"The pool is disposed, and its connections to {service.GetLeftPart(UriPartial.Authority)} with it.")
        : new HttpRequestException(HttpRequestError.NameResolutionError, $"No endpoint of {service.GetLeftPart(UriPartial.Authority)} is known: {set.Failure?.Message}", set.Failure);
}
