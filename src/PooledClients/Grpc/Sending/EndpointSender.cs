using Grpc.Core;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Connections.Wire;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Messages;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.Statuses;
using PooledClients.Grpc.Streams;
using PooledClients.Grpc.Telemetry;
using PooledClients.Grpc.Telemetry.Sizes;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Sending;

/// <summary>
/// What happens to a request before, at and after each attempt to send it. What an attempt has come to is told to the breaker, to the endpoint
/// and to whoever observes the call.
/// </summary>
internal sealed class EndpointSender(Transport transport, CallErrors errors, OpenStreams openStreams, AddressBreaker? breaker, TimeProvider timeProvider)
{
    private static readonly HttpRequestOptionsKey<EndpointPool> Tried = new("PooledClients.Tried");

    /// <summary>Takes a connection that has room.</summary>
    /// <param name="sent">The request.</param>
    /// <param name="call">Its call, where it is known.</param>
    /// <param name="isRetried">Whether it is sent elsewhere when it fails, so that it may try an endpoint that is left out.</param>
    public bool TryTake(ref SentRequest sent, CallScope? call, bool isRetried)
    {
        if (transport.SetOf(sent.Request) is { } set)
        {
            // Another endpoint than that of the attempt before. The options of a request that is the first would be made by the question.
            var tried = sent.Pool ?? (sent.IsFurther && sent.Request.Options.TryGetValue(Tried, out var last) ? last : call?.Tried);
            sent.Pool = Note(set.Pick(!sent.IsUnary, tried?.Owner as Endpoint, isRetried && sent.IsUnary)?.Pool, call);
        }
        else
        {
            sent.Pool = transport.EndpointOf(sent.Request);
        }

        if (sent.Pool is not null && sent.Pool.TryTake(out var connection))
        {
            sent.Sender = connection;
            return true;
        }

        sent.HasWaited |= sent.Pool is not null || transport.Set is not null;
        return false;
    }

    /// <summary>Begins an attempt with what was waited for.</summary>
    public void Begin(ref SentRequest sent, ICallSender sender, in CallTime time)
    {
        sent.Sender = sender;
        sent.Pool = Note((EndpointPool?)(sender as Http2Connection)?.Pool, time.Call);
        Begin(ref sent, time);
    }

    /// <summary>Begins an attempt.</summary>
    public void Begin(ref SentRequest sent, in CallTime time)
    {
        // The header was written when the request was made.
        if (sent.HasWaited && time.Remaining is { } remaining)
        {
            GrpcTimeoutHeader.Write(sent.Request, remaining);
        }

        if (sent.Sender is Http2Connection { Limit: null } unheard)
        {
            sent.Hold(unheard.Heard, timeProvider);
        }

        sent.Outcome = EndpointOutcome.Unknown;
        var endpoint = sent.Pool?.Owner as Endpoint;
        if (endpoint is not null || sent.IsFurther)
        {
            sent.StartedAt = timeProvider.GetTimestamp();
            endpoint?.Begin(!sent.IsUnary, sent.StartedAt);
        }

        if (!sent.IsUnary)
        {
            sent.Open = openStreams.Add(sent.Request.RequestUri!.AbsolutePath, endpoint?.StreamEnded, time.Observer?.Method, time.Call?.CallSite);
        }
    }

    /// <summary>The headers of a response are there.</summary>
    /// <returns>The status of the call, where they are all there is.</returns>
    public StatusCode? Accept(ref SentRequest sent, HttpResponseMessage response, in CallTime time)
    {
        var status = GrpcAnswer.StatusOf(response);
        var isOver = status == StatusCode.DeadlineExceeded && time.IsOver;
        if (isOver)
        {
            // The server keeps the deadline too, and may be first to say so; but only this side knows where the time went. It stays an answer,
            // which the channel makes what its options say of.
            GrpcAnswer.SetStatus(response, DeadlineExceeded(exception: null, sent, time).Status);
        }

        time.Call?.OnHeaders(isEnd: status is not null);
        if (sent.Pool is { Silence.HasRetired: true } pool)
        {
            pool.Silence.Answered();
        }

        if (sent.Sender is RuntimeSender)
        {
            transport.Reachability.AnsweredThroughRuntime();
        }

        if (sent.Open is { } open)
        {
            response.Content = Follow(response.Content, open, sent);

            // Headers that are all there is begin no stream: what they say is told as the answer.
            open.OnEnd = status is null ? time.Observer?.StreamBegins(response, time.LeastRemaining) : null;
            sent.Open = null;
        }

        if (time.Observer is ObservedCall { MeasuresSizes: true } observed)
        {
            response.Content = new MeasuredContent(response.Content, observed);
        }

        sent.Outcome = isOver ? OfDeadline(sent, time) : Report(GrpcFailure.Classify(status), sent.Pool);
        return status;
    }

    /// <summary>An attempt was cancelled.</summary>
    /// <exception cref="RpcException">It was the deadline.</exception>
    public void Cancelled(ref SentRequest sent, Exception exception, in CallTime time)
    {
        if (time.IsOver)
        {
            sent.Outcome = OfDeadline(sent, time);
            throw DeadlineExceeded(exception, sent, time);
        }
    }

    /// <summary>The transport has failed an attempt, which may not be the end of the request.</summary>
    public void Failed(ref SentRequest sent, Exception exception)
    {
        // The first thing that a server has to say is its SETTINGS: without them it never was an HTTP/2 connection.
        sent.Cause = sent.Sender is Http2Connection { Limit: null } unheard
            ? new EndedBeforeSettingsException(unheard.Foreign ?? exception, sent.Content.WasAsked, transport.Key.Tls?.Identity?.DescribeRefusal())
            : SendFailure.WithoutUserInfo(exception);
        OnConnectionError(sent.Cause, sent.Sender);
        sent.Outcome = GrpcFailure.Classify(sent.Cause) == RequestOutcome.Failed ? EndpointOutcome.Failed : EndpointOutcome.Unknown;
    }

    /// <summary>The request is not sent again.</summary>
    public Exception GiveUp(in SentRequest sent)
    {
        Report(GrpcFailure.Classify(sent.Cause!), sent.Pool);
        return errors.Failed(sent.Cause!);
    }

    /// <summary>An attempt has ended, whatever it has come to.</summary>
    public static void End(in SentRequest sent)
    {
        // The end of the last call makes the transport idle, and tells so: it has no request inside any more by then.
        sent.Sender.Exit();
        sent.Content.Hold?.End();
        if (sent.Pool?.Owner is Endpoint endpoint)
        {
            endpoint.End(!sent.IsUnary, sent.Outcome, sent.StartedAt);
            if (sent.Outcome != EndpointOutcome.Answered)
            {
                sent.Request.Options.Set(Tried, sent.Pool);
            }
        }

        sent.Open?.End();
    }

    // The channel would make Internal of a connection that was lost to a GOAWAY.
    private StreamedContent Follow(HttpContent content, OpenStream open, in SentRequest sent)
    {
        var sender = sent.Sender;
        return new(content, open, sent.Content as SentMessages, exception =>
        {
            OnConnectionError(exception, sender);
            return errors.Failed(exception);
        });
    }

    // What a request has come to: one endpoint's failure is nothing to the service's breaker while others are well.
    private EndpointOutcome Report(RequestOutcome outcome, EndpointPool? pool)
    {
        if (breaker is not null && (outcome != RequestOutcome.Failed || pool?.Owner is not Endpoint endpoint || !transport.Set!.HasOther(endpoint)))
        {
            breaker.Report(outcome);
        }

        return outcome.OfEndpoint();
    }

    private static EndpointPool? Note(EndpointPool? taken, CallScope? call)
    {
        if (call is not null && taken?.Owner is Endpoint)
        {
            call.Tried = taken;
        }

        return taken;
    }

    private void OnConnectionError(Exception exception, ICallSender sender)
    {
        if (SendFailure.IsEnhanceYourCalm(exception))
        {
            transport.SlowPings((sender as Http2Connection)?.PingDelay ?? transport.PingDelay);
        }
        else if (sender is RuntimeSender runtime && SendFailure.IsWithoutHttp2(exception))
        {
            // The runtime gives up HTTP/2 for as long as the handler lives.
            transport.Replace("its server did not negotiate HTTP/2", runtime.Generation);
        }
    }

    // What a deadline says of the endpoint, whoever named it first: nothing where it may be the caller's own end.
    private static EndpointOutcome OfDeadline(in SentRequest sent, in CallTime time) =>
        HasLeft(sent) && time.IsSurelyOver ? EndpointOutcome.Failed : EndpointOutcome.Unknown;

    // What is held back until the server has spoken waits for the server.
    private static bool HasLeft(in SentRequest sent) => sent.Content.WasAsked || sent.Sender is Http2Connection { Limit: null };

    private RpcException DeadlineExceeded(Exception? exception, in SentRequest sent, in CallTime time)
    {
        if (!HasLeft(sent))
        {
            return sent.Sender is RuntimeSender runtime ? errors.NotSent(time, runtime.Destination, exception) : errors.NotSent(time, sent.Pool!, exception);
        }

        // What came before a further attempt was none of its.
        var since = sent.IsFurther ? sent.StartedAt : time.StartedAt;
        if (sent.Sender is Http2Connection { IsRetired: false } connection && connection.IsSilentSince(since) && connection.Pool.Silence.MayRetire(since))
        {
            connection.Pool.Retire(connection, "a call reached its deadline while it received not one byte");
        }

        return errors.NotAnswered(time, exception);
    }
}
