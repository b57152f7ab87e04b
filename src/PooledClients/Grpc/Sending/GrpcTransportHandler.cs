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
        OpenStreams = new OpenStreams(transport.Address, timeProvider, logger);
        transport.StreamLimitLearned += Admission.LearnStreamLimit;
    }

    public Transport Transport => _transport;

    public CallAdmission Admission { get; }

    public OpenStreams OpenStreams { get; }

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

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Only here: a call that was made before goes on, its waits and its resends included.
        if (_draining)
        {
            return Task.FromException<HttpResponseMessage>(_errors.Draining());
        }

        var call = CallScope.Of(request);
        return SendAsync(request, call, call?.Retrier, cancellationToken, call?.Tried);
    }

    // A closed breaker is asked nothing; it learns what each request came to.
    private Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CallScope? call, CallRetrier? retrier, CancellationToken cancellationToken, EndpointPool? tried = null) =>
        _breaker is null || _breaker.IsClosed
            ? SendOnAsync(request, call, retrier, cancellationToken, tried)
            : ProbeAsync(request, call, retrier, cancellationToken);

    // One async method, for each costs 114 B a call; what is rare, or has a closure, which is made where its scope begins, is in methods
    // of its own.
    private async Task<HttpResponseMessage> SendOnAsync(
        HttpRequestMessage request, CallScope? call, CallRetrier? retrier, CancellationToken cancellationToken, EndpointPool? pool = null)
    {
        var time = new CallTime(_timeProvider, GrpcTimeoutHeader.Read(request), call);
        var type = _streaming.TypeOf(request);
        var content = new SentContent(request.Content!, isStream: type is MethodType.ClientStreaming or MethodType.DuplexStreaming);
        request.Content = content;
        var admitted = type == MethodType.Unary && Admission.TryEnter();
        var hasWaited = false;
        var hasParent = retrier is not null && RetriedRequest.HasParent(request);
        RpcException? failure;
        HttpResponseMessage? refusal = null;
        try
        {
            if (type == MethodType.Unary && !admitted)
            {
                await WaitForAdmissionAsync(time, cancellationToken).ConfigureAwait(false);
                admitted = hasWaited = true;
            }

            for (var resends = 0; ;)
            {
                pool = Pick(request, type, time.Call, pool);
                ICallSender sender;
                if (pool is not null && pool.TryTake(out var connection))
                {
                    sender = connection;
                }
                else
                {
                    hasWaited |= pool is not null || _transport.Set is not null;
                    sender = await TakeAsync(pool, type, request, time, cancellationToken).ConfigureAwait(false);
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
                var open = type == MethodType.Unary ? null : OpenStreams.Add(request.RequestUri!.AbsolutePath, (pool?.Owner as Endpoint)?.StreamEnded ?? (static () => { }));
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
                    }

                    isAnswered = true;
                    failure = retrier?.FailureOf(response, status);
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
                    outcome = GrpcFailure.Judge(cause) == RequestOutcome.Failed ? EndpointOutcome.Failed : EndpointOutcome.Unknown;
                    if (!await _resends.MaySendAgainAsync(request, cause, content, sender, call?.Retrier is not null, resends++, cancellationToken).ConfigureAwait(false))
                    {
                        // A server that cannot be reached is spared by the spacing of dials, which is over sooner than a break.
                        if (!SendFailure.IsConnectFailure(cause))
                        {
                            Report(GrpcFailure.Judge(cause), pool);
                        }

                        throw _errors.Failed(cause);
                    }

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
        }
        finally
        {
            if (admitted)
            {
                Admission.Exit();
            }
        }

        return await CreateRetried(request, time, retrier!, hasParent, pool, cancellationToken).GoOnAsync(failure, refusal).ConfigureAwait(false);
    }

    private Task<HttpResponseMessage> ProbeAsync(HttpRequestMessage request, CallScope? call, CallRetrier? retrier, CancellationToken cancellationToken)
    {
        if (retrier is null)
        {
            return SendProbeAsync();
        }

        var time = new CallTime(_timeProvider, GrpcTimeoutHeader.Read(request), call);
        return CreateRetried(request, time, retrier, RetriedRequest.HasParent(request), tried: null, cancellationToken).StartAsync(SendProbeAsync);

        async Task<HttpResponseMessage> SendProbeAsync()
        {
            try
            {
                return await _breaker!.ProbeAsync(
                    () => SendOnAsync(request, call, retrier: null, cancellationToken),
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
            return SendAsync(request, time.Call, retrier: null, cancellationToken, tried);
        }
    }

    private StreamedContent Follow(HttpContent content, OpenStream open, ICallSender sender) =>
        new(content, open, exception => OnConnectionError(exception, sender));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
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
    private EndpointPool? Pick(HttpRequestMessage request, MethodType type, CallScope? call, EndpointPool? tried)
    {
        if (_transport.SetOf(request) is not { } set)
        {
            return _transport.EndpointOf(request);
        }

        var picked = set.Pick(type != MethodType.Unary, tried?.Owner as Endpoint)?.Pool;
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

    /// <summary>Waits for a connection of the pool, or of another endpoint; without one the runtime picks it.</summary>
    private async ValueTask<ICallSender> TakeAsync(EndpointPool? pool, MethodType type, HttpRequestMessage request, CallTime time, CancellationToken cancellationToken)
    {
        if (_transport.SetOf(request) is { } set)
        {
            return await EndpointWait.TakeAsync(set, type != MethodType.Unary, WaitsForReady(request), time, _errors, cancellationToken).ConfigureAwait(false);
        }

        if (pool is null)
        {
            return CreateRuntimeSender(request);
        }

        while (true)
        {
            ConnectionGrant grant;
            try
            {
                grant = await pool.TakeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception) when (time.IsOver)
            {
                throw _errors.NotSent(time, pool, exception);
            }

            if (grant.Connection is not null)
            {
                return grant.Connection;
            }

            if (grant.Failure is null)
            {
                throw _errors.Disposed();
            }

            // Waiting heals no mistrust.
            if (!WaitsForReady(request) || SendFailure.IsTrustFailure(grant.Failure))
            {
                throw _errors.NotConnected(grant.Failure);
            }
        }
    }

    private RuntimeSender CreateRuntimeSender(HttpRequestMessage request)
    {
        try
        {
            return new RuntimeSender(_transport, request);
        }
        catch (ObjectDisposedException exception)
        {
            throw _errors.Disposed(exception);
        }
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

    private async Task WaitForAdmissionAsync(CallTime time, CancellationToken cancellationToken)
    {
        try
        {
            await Admission.EnterAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception)
        {
            if (!time.IsOver)
            {
                throw;
            }

            throw _errors.NotAdmitted(time, Admission.Limit, exception);
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

    internal static bool WaitsForReady(HttpRequestMessage request) => request.Options.TryGetValue(RuntimeContracts.WaitForReady, out var waits) && waits;
}
