using Grpc.Core;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Connections.Wire;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Admission;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Messages;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.Statuses;
using PooledClients.Grpc.Streams;
using PooledClients.Grpc.Telemetry;
using PooledClients.Platform;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Sending;

/// <summary>
/// What every gRPC request passes through between the channel and the connections of its address: the limit on calls in flight, the
/// wait for a server that is not ready, and the sending again of what was provably not processed. A plain forwarding handler also
/// turns off the channel's own balancing transport, which recovers late from outages.
/// </summary>
internal sealed class GrpcTransportHandler : HttpMessageHandler
{
    private static readonly HttpRequestOptionsKey<EndpointPool> Tried = new("PooledClients.Tried");

    private readonly Transport _transport;
    private readonly TimeProvider _timeProvider;
    private readonly CallErrors _errors;
    private readonly CallResends _resends;
    private readonly AddressBreaker? _breaker;
    private readonly CallWaits _waits;
    private readonly StreamingMethods _streaming = new();
    private volatile bool _draining;

    public GrpcTransportHandler(
        Transport transport, AdmissionOptions admission, AddressBreaker? breaker, RetryBudget? budget, TimeProvider timeProvider, ILogger logger)
    {
        _transport = transport;
        _breaker = breaker;
        _timeProvider = timeProvider;
        _errors = new CallErrors(transport);
        _resends = new CallResends(transport, budget, timeProvider, logger);
        Admission = new CallAdmission(admission, transport.Key.Connection.ConnectionCap(isMultiplexed: true) * (transport.Key.Endpoints?.MaxEndpoints ?? 1), timeProvider);
        _waits = new CallWaits(transport, Admission, _errors, timeProvider, logger);
        OpenStreams = new OpenStreams(transport.Address, timeProvider, logger);
        transport.StreamLimitLearned += Admission.LearnStreamLimit;
    }

    public Transport Transport => _transport;

    public CallAdmission Admission { get; }

    public OpenStreams OpenStreams { get; }

    /// <summary>The breaker of its address; none where the options have none.</summary>
    public AddressBreaker? Breaker => _breaker;

    /// <summary>Tells that a method streams: such calls are not held by the limit.</summary>
    public void LearnStreaming(IMethod method) => _streaming.Learn(method);

    /// <summary>What the address's connections are, in gRPC's words.</summary>
    public ConnectivityState State
    {
        get
        {
            if (_draining || _transport.IsDisposed)
            {
                return ConnectivityState.Shutdown;
            }

            return _transport.Up > 0 ? ConnectivityState.Ready
                : _transport.LastFailure is not null ? ConnectivityState.TransientFailure
                : _transport.Connections > 0 ? ConnectivityState.Connecting
                : ConnectivityState.Idle;
        }
    }

    /// <summary>Takes no new call from now on.</summary>
    public void BeginDrain() => _draining = true;

    /// <param name="request">The request of a call.</param>
    /// <param name="observer">Whom to tell what becomes of the call; nobody where it is nobody's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CallObserver? observer, CancellationToken cancellationToken)
    {
        observer?.Method.Begins();

        // Only here: a call that was made before goes on, its waits and its resends included.
        if (_draining)
        {
            var draining = _errors.Draining();
            observer?.Method.Ends(draining.StatusCode, draining.Status.Detail, TimeSpan.Zero);
            return Task.FromException<HttpResponseMessage>(draining);
        }

        var call = CallScope.Of(request);
        return SendAsync(request, call, (call as RetriableCall)?.Retrier, observer, isAgain: false, cancellationToken, call?.Tried);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, observer: null, cancellationToken);

    // A closed breaker is asked nothing; it learns what each request came to.
    private Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CallScope? call, CallRetrier? retrier, CallObserver? observer, bool isAgain, CancellationToken cancellationToken, EndpointPool? tried = null) =>
        _breaker is null || _breaker.IsClosed
            ? SendOnAsync(request, call, retrier, observer, isAgain, cancellationToken, tried)
            : ProbeAsync(request, call, retrier, observer, isAgain, cancellationToken);

    // One async method, for each costs 114 B a call; what is rare, or has a closure, which is made where its scope begins, is in methods
    // of its own.
    private async Task<HttpResponseMessage> SendOnAsync(
        HttpRequestMessage request, CallScope? call, CallRetrier? retrier, CallObserver? observer, bool isAgain, CancellationToken cancellationToken, EndpointPool? pool = null)
    {
        var time = new CallTime(_timeProvider, GrpcTimeoutHeader.Read(request), call, observer);
        var type = _streaming.TypeOf(request);
        var content = new SentContent(request.Content!, isStream: type is MethodType.ClientStreaming or MethodType.DuplexStreaming);
        request.Content = content;
        var admitted = type == MethodType.Unary && Admission.TryEnter();
        var hasWaited = false;
        var hasParent = retrier is not null && RetriedRequest.HasParent(request);
        RpcException? failure;
        HttpResponseMessage? refusal = null;
        time.Observer?.AttemptBegins(isTransparent: false);
        try
        {
            if (type == MethodType.Unary && !admitted)
            {
                await _waits.EnterAsync(time, cancellationToken).ConfigureAwait(false);
                admitted = hasWaited = true;
            }

            for (var resends = 0; ;)
            {
                pool = Pick(request, type, time.Call, pool, isSpare: retrier is not null);
                ICallSender sender;
                if (pool is not null && pool.TryTake(out var connection))
                {
                    sender = connection;
                }
                else
                {
                    hasWaited |= pool is not null || _transport.Set is not null;
                    sender = await _waits.TakeAsync(pool, type, request, time, cancellationToken).ConfigureAwait(false);
                    pool = (sender as Http2Connection)?.Pool;
                    if (time.Call is not null && pool?.Owner is Endpoint)
                    {
                        time.Call.Tried = pool;
                    }
                }

                // The header was written when the request was made: the server has to be told what is left of it.
                if (hasWaited && time.Remaining is { } remaining)
                {
                    GrpcTimeoutHeader.Write(request, remaining);
                }

                var startedAt = Begin(pool, type);
                var outcome = EndpointOutcome.Unknown;
                var open = type == MethodType.Unary ? null : OpenStreams.Add(request.RequestUri!.AbsolutePath, (pool?.Owner as Endpoint)?.StreamEnded, time.Observer?.Method.Client);
                var isAnswered = false;
                try
                {
                    var response = await sender.SendAsync(request, cancellationToken).ConfigureAwait(false);
                    var status = GrpcAnswer.StatusOf(response);
                    if (status == StatusCode.DeadlineExceeded && time.IsOver)
                    {
                        // The server keeps the deadline too, and may be first to say so; but only this side knows where the time went.
                        response.Dispose();
                        throw DeadlineExceeded(exception: null, time, sender, pool, content);
                    }

                    time.Call?.OnHeaders(isEnd: status is not null);
                    outcome = Report(GrpcFailure.Judge(status), pool);
                    if (pool is { Silence.HasRetired: true })
                    {
                        pool.Silence.Answered();
                    }

                    if (open is not null)
                    {
                        response.Content = Follow(response.Content, open, sender);
                        open.OnEnd = time.Observer?.StreamBegins(response, time.Remaining);
                    }

                    isAnswered = true;
                    failure = retrier?.FailureOf(response, status);
                    time.Answered(response, status, isLast: failure is null && !isAgain);
                    if (failure is null)
                    {
                        return response;
                    }

                    refusal = response;
                    break;
                }
                catch (Exception exception) when (cancellationToken.IsCancellationRequested && exception is not RpcException)
                {
                    if (!time.IsOver)
                    {
                        throw;
                    }

                    outcome = content.WasAsked ? EndpointOutcome.Failed : EndpointOutcome.Unknown;
                    throw DeadlineExceeded(exception, time, sender, pool, content);
                }
                catch (Exception exception) when (SendFailure.IsTransportFailure(exception) && !content.HasFailed)
                {
                    // The first thing that a server has to say is its SETTINGS: without them it never was an HTTP/2 connection.
                    var cause = sender is Http2Connection { Limit: null } unheard ? new EndedBeforeSettingsException(unheard.Foreign ?? exception) : exception;
                    OnConnectionError(cause, sender);
                    var judged = GrpcFailure.Judge(cause);
                    outcome = judged == RequestOutcome.Failed ? EndpointOutcome.Failed : EndpointOutcome.Unknown;
                    if (!await _resends.MaySendAgainAsync(request, cause, content, sender, call is RetriableCall, resends++, cancellationToken).ConfigureAwait(false))
                    {
                        Report(judged, pool);
                        throw _errors.Failed(cause);
                    }

                    time.Observer?.AttemptEnds(StatusCode.Unavailable);
                    time.Observer?.AttemptBegins(isTransparent: true);
                    request.Content = content = content.ForNextAttempt();
                    hasWaited = true;
                }
                finally
                {
                    // The end of the last call makes the transport idle, and tells so: it has no request inside any more by then.
                    sender.Exit();
                    (pool?.Owner as Endpoint)?.End(type != MethodType.Unary, outcome, startedAt);
                    if (!isAnswered)
                    {
                        open?.End();
                    }
                }
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && RetriedRequest.FailureOf(request, exception, retrier) is { } covered)
        {
            failure = covered;
            time.Observer?.AttemptEnds(covered.StatusCode);
        }
        catch (Exception exception) when (time.Failed(exception, isLast: !isAgain))
        {
            // It only looks.
            throw;
        }
        finally
        {
            if (admitted)
            {
                Admission.Exit();
            }
        }

        return await ObserveAsync(CreateRetried(request, time, retrier!, hasParent, pool, cancellationToken).GoOnAsync(failure, refusal), time).ConfigureAwait(false);
    }

    // A call that took several attempts, or a probe of a breaker that is not closed, is rare enough for a method of its own.
    private static async Task<HttpResponseMessage> ObserveAsync(Task<HttpResponseMessage> sending, CallTime time)
    {
        try
        {
            var response = await sending.ConfigureAwait(false);
            time.Answered(response, GrpcAnswer.StatusOf(response), isLast: true);
            return response;
        }
        catch (Exception exception) when (time.Failed(exception, isLast: true))
        {
            throw;
        }
    }

    private Task<HttpResponseMessage> ProbeAsync(
        HttpRequestMessage request, CallScope? call, CallRetrier? retrier, CallObserver? observer, bool isAgain, CancellationToken cancellationToken)
    {
        if (isAgain)
        {
            return SendProbeAsync();
        }

        var time = new CallTime(_timeProvider, GrpcTimeoutHeader.Read(request), call, observer);
        var sending = retrier is null
            ? SendProbeAsync()
            : CreateRetried(request, time, retrier, RetriedRequest.HasParent(request), tried: null, cancellationToken).StartAsync(SendProbeAsync);
        return ObserveAsync(sending, time);

        async Task<HttpResponseMessage> SendProbeAsync()
        {
            try
            {
                return await _breaker!.ProbeAsync(
                    () => SendOnAsync(request, call, retrier: null, observer, isAgain: true, cancellationToken),
                    static response => GrpcFailure.Judge(response),
                    static exception => GrpcFailure.Judge(exception)).ConfigureAwait(false);
            }
            catch (BreakerOpenException exception)
            {
                throw CallErrors.BreakerOpen(exception);
            }
        }
    }

    private RetriedRequest CreateRetried(
        HttpRequestMessage request, CallTime time, CallRetrier retrier, bool hasParent, EndpointPool? tried, CancellationToken cancellationToken)
    {
        return new RetriedRequest(request, time, retrier, hasParent, SendAgainAsync, cancellationToken);

        Task<HttpResponseMessage> SendAgainAsync()
        {
            // A content that an attempt has not used up stays with that attempt: the next one has its own around the same message.
            request.Content = request.Content is SentContent used ? used.Message : request.Content;
            tried = request.Options.TryGetValue(Tried, out var last) ? last : tried;
            return SendAsync(request, time.Call, retrier: null, time.Observer, isAgain: true, cancellationToken, tried);
        }
    }

    private StreamedContent Follow(HttpContent content, OpenStream open, ICallSender sender) =>
        new(content, open, exception => OnConnectionError(exception, sender));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _waits.Dispose();
            Admission.Dispose();
            OpenStreams.Dispose();
        }

        base.Dispose(disposing);
    }

    // What a request has come to: one endpoint's failure is nothing to the service's breaker while others are well.
    private EndpointOutcome Report(RequestOutcome outcome, EndpointPool? pool)
    {
        if (_breaker is not null && (outcome != RequestOutcome.Failed || pool?.Owner is not Endpoint endpoint || !_transport.Set!.HasOther(endpoint)))
        {
            _breaker.Report(outcome);
        }

        return outcome switch
        {
            RequestOutcome.Answered => EndpointOutcome.Answered,
            RequestOutcome.Failed => EndpointOutcome.Failed,
            _ => EndpointOutcome.Unknown,
        };
    }

    // Where there are several endpoints, another one than that of the attempt before; the request says which that was.
    private EndpointPool? Pick(HttpRequestMessage request, MethodType type, CallScope? call, EndpointPool? tried, bool isSpare)
    {
        if (_transport.SetOf(request) is not { } set)
        {
            return _transport.EndpointOf(request);
        }

        var picked = set.Pick(type != MethodType.Unary, tried?.Owner as Endpoint, isSpare && type == MethodType.Unary)?.Pool;
        if (tried is not null)
        {
            request.Options.Set(Tried, picked ?? tried);
        }

        if (call is not null && picked is not null)
        {
            call.Tried = picked;
        }

        return picked;
    }

    private long Begin(EndpointPool? pool, MethodType type)
    {
        if (pool?.Owner is not Endpoint endpoint)
        {
            return 0;
        }

        var now = _timeProvider.GetTimestamp();
        endpoint.Begin(type != MethodType.Unary, now);
        return now;
    }

    private void OnConnectionError(Exception exception, ICallSender sender)
    {
        if (SendFailure.IsEnhanceYourCalm(exception))
        {
            _transport.SlowPings((sender as Http2Connection)?.PingDelay ?? _transport.PingDelay);
        }
        else if (sender is RuntimeSender && SendFailure.IsWithoutHttp2(exception))
        {
            // The runtime gives up HTTP/2 for as long as the handler lives.
            _transport.Replace("its server did not negotiate HTTP/2");
        }
    }

    private RpcException DeadlineExceeded(Exception? exception, CallTime time, ICallSender sender, EndpointPool? pool, SentContent content)
    {
        if (!content.WasAsked)
        {
            return sender is RuntimeSender runtime ? _errors.NotSent(time, runtime.Destination, exception) : _errors.NotSent(time, pool!, exception);
        }

        if (sender is Http2Connection { IsRetired: false } connection && connection.IsSilentSince(time.StartedAt) && pool!.Silence.MayRetire(time.StartedAt))
        {
            pool.Retire(connection, "a call reached its deadline while it received not one byte");
        }

        return _errors.NotAnswered(time, exception);
    }
}
