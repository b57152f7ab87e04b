using System.Net;
using PooledClients.Connections;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Wire;
using PooledClients.Diagnostics.Events;
using PooledClients.Http.Exchanges.Timing;
using PooledClients.Http.Retries;

namespace PooledClients.Http.Exchanges;

/// <summary>Requests whose connections the runtime picks, with failures told as a plain client tells them.</summary>
internal static class TransportRequests
{
    /// <summary>Sends a request on the current generation, for handlers that need nothing of it but its count.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="request">The request.</param>
    /// <param name="call">Tells whether a connection has taken the request, and is told of its answer; unknown without.</param>
    /// <param name="isAsync">Whether the caller awaits it; otherwise it is sent synchronously, and has ended on return.</param>
    /// <param name="cancellationToken">Ends the wait. When it was for room within the budget, the exception's cause says so.</param>
    public static async Task<HttpResponseMessage> SendAsync(
        this Transport transport, HttpRequestMessage request, IPendingCall? call, bool isAsync, CancellationToken cancellationToken)
    {
        var address = request.RequestUri;
        while (true)
        {
            var generation = transport.Enter();
            var destination = Begin(generation, request);
            try
            {
                var response = isAsync ? await generation.SendAsync(request, cancellationToken).ConfigureAwait(false) : generation.Send(request, cancellationToken);
                Hold(generation.GetDestination(request), destination, request, response, call);
                return response;
            }
            catch (HttpRequestException exception) when (ReferenceEquals(request.RequestUri, address) && IsUnsent(exception, request))
            {
                // Again, on another one: the handler has none of those that were closed any more, once it has tried them.
                call?.Unsent();
            }
            catch (HttpRequestException exception) when (exception.InnerException is ConnectTimeoutException late)
            {
                // As the handler's own connect timeout is told: it is this client's limit.
                throw new TaskCanceledException(late.Message, new TimeoutException(late.Message, late), cancellationToken);
            }
            catch (HttpRequestException exception) when (destination.IsForeign && exception.InnerException is HttpProtocolException)
            {
                // The server has answered, if in no HTTP/2: to ask it again in that would be no use.
                call?.Answered(holding: null);
                throw;
            }
            catch (HttpRequestException exception) when (IsEnd(exception) && transport.Key.Tls?.DescribeRefusal(destination.Address) is { } refusal)
            {
                // The same failure to whoever judges it by its error or its cause; only people read the rest.
                throw new HttpRequestException(exception.HttpRequestError, $"{exception.Message} Perhaps {refusal}.", exception.InnerException ?? exception);
            }
            catch (OperationCanceledException) when (call is { IsPending: true } && destination.Gate.Explain() is { } budget)
            {
                throw new OperationCanceledException(budget.Message, budget, cancellationToken);
            }
            finally
            {
                if (WaitEvent.IsWanted && destination.Gate.Waits.Of(request) is { } wait)
                {
                    WaitEvent.Add(WaitEvent.Budget, wait);
                }

                generation.Redirected.Ended(request);
                generation.Exit();
                destination.EndCall();
            }
        }
    }

    private static Destination Begin(Generation generation, HttpRequestMessage request)
    {
        try
        {
            return generation.BeginCall(request);
        }
        catch
        {
            generation.Exit();
            throw;
        }
    }

    // At whose connection the body is: the runtime has followed redirects. What is to be followed no further shares its connection with others for good:
    // a body that nobody counts, one of HTTP/2, which may be over before its stream is, what comes by redirects, and what has become another protocol's,
    // whose stream its owner has.
    private static void Hold(Destination last, Destination first, HttpRequestMessage request, HttpResponseMessage response, IPendingCall? call)
    {
        if (call is null || response.Version.Major >= 2 || last != first
            || response.StatusCode == HttpStatusCode.SwitchingProtocols || request.Method == HttpMethod.Connect)
        {
            last.Share();
        }

        call?.Answered(last);
    }

    // It was given a connection that is closed for others' room, before anything was written to it.
    private static bool IsUnsent(HttpRequestException exception, HttpRequestMessage request) =>
        exception.Find<ConnectionOverException>() is not null && Repeatable.IsReplayable(request.Content);

    private static bool IsEnd(HttpRequestException exception) =>
        exception.HttpRequestError == HttpRequestError.ResponseEnded || exception.InnerException is IOException;
}
