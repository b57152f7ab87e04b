using Grpc.Core;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Admission;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Messages;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.Statuses;
using PooledClients.Grpc.Streams;
using PooledClients.Grpc.Telemetry;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Sending;

/// <summary>
/// What every gRPC request passes through between the channel and the connections of its address: the limit on calls in flight, the
/// wait for a server that is not ready, and the sending again of what was provably not processed. A plain forwarding handler also
/// turns off the channel's own balancing transport, which recovers late from outages.
/// </summary>
internal sealed class GrpcTransportHandler : HttpMessageHandler
{
    private readonly Transport _transport;
    private readonly TimeProvider _timeProvider;
    private readonly CallErrors _errors;
    private readonly CallResends _resends;
    private readonly EndpointSender _sender;
    private readonly AddressBreaker? _breaker;
    private readonly ProbeSender? _probes;
    private readonly CallWaits _waits;
    private readonly StreamingMethods _streaming = new();
    private long _drainingSince;
    private volatile bool _draining;

    public GrpcTransportHandler(
        Transport transport, AdmissionOptions admission, AddressBreaker? breaker, RetryBudget? budget, TimeProvider timeProvider, ILogger logger)
    {
        _transport = transport;
        _breaker = breaker;
        _timeProvider = timeProvider;
        _errors = new CallErrors(transport);
        Admission = new CallAdmission(admission, transport, timeProvider);
        _waits = new CallWaits(transport, Admission, _errors, timeProvider, logger);
        OpenStreams = new OpenStreams(transport.Address, timeProvider, logger);
        _resends = new CallResends(transport, budget, timeProvider, logger);
        _sender = new EndpointSender(transport, _errors, OpenStreams, breaker, timeProvider);
        _probes = breaker is null ? null : new ProbeSender(breaker, Pending, timeProvider);
        transport.StreamLimitLearned += Admission.LearnStreamLimit;
    }

    public Transport Transport => _transport;

    public CallAdmission Admission { get; }

    public OpenStreams OpenStreams { get; }

    /// <summary>The calls that are on no connection and go on all the same.</summary>
    public PendingCalls Pending { get; } = new();

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
    public void BeginDrain()
    {
        _drainingSince = _timeProvider.GetTimestamp();
        _draining = true;
    }

    /// <param name="request">The request of a call.</param>
    /// <param name="observer">Whom to tell what becomes of the call; nobody where it is nobody's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CallObserver? observer, CancellationToken cancellationToken)
    {
        var call = CallScope.Of(request);
        observer = call is { IsProbe: true } ? null : observer;
        var counted = call?.Account is null ? observer?.Method : null;
        counted?.Begins();
        // Only here: a call that was made before goes on, its waits, its resends and its further attempts included.
        if (_draining && !PreviousAttempts.AreOf(request) && call?.Clock?.HasBegunBefore(_drainingSince) != true)
        {
            var draining = _errors.Draining();
            counted?.Ends(draining.StatusCode, draining.Status.Detail, TimeSpan.Zero);
            return Task.FromException<HttpResponseMessage>(draining);
        }

        var time = new CallTime(_timeProvider, GrpcTimeoutHeader.Read(request), call, observer);
        return SendAsync(request, time, (call as RetriableCall)?.Retrier, isAgain: false, cancellationToken);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, observer: null, cancellationToken);

    // A closed breaker is asked nothing.
    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CallTime time, CallRetrier? retrier, bool isAgain, CancellationToken cancellationToken) =>
        _breaker is null || _breaker.IsClosed
            ? SendOnAsync(request, time, retrier, isAgain, cancellationToken)
            : ProbeAsync(request, time, retrier, isAgain, cancellationToken);

    // One async method, for each costs 114 B a call.
    private async Task<HttpResponseMessage> SendOnAsync(HttpRequestMessage request, CallTime time, CallRetrier? retrier, bool isAgain, CancellationToken cancellationToken)
    {
        var sent = new SentRequest(request, _streaming.TypeOf(request), isAgain || PreviousAttempts.AreOf(request), cancellationToken);
        var isAdmitted = sent.IsUnary && Admission.TryEnter();
        var hasParent = retrier is not null && RetriedRequest.HasParent(request);
        RpcException? failure = null;
        HttpResponseMessage? refusal = null;

        // From before it leaves a connection until after it has another.
        var isPending = false;
        time.Observer?.AttemptBegins(isTransparent: false);
        try
        {
            if (sent.IsUnary && !isAdmitted)
            {
                SetPending(ref isPending, true);
                isAdmitted = sent.HasWaited = await _waits.EnterAsync(time, cancellationToken).ConfigureAwait(false);
            }

            while (true)
            {
                if (_sender.TryTake(ref sent, time.Call, isRetried: retrier is not null))
                {
                    _sender.Begin(ref sent, time);
                }
                else
                {
                    SetPending(ref isPending, true);
                    var sender = await _waits.TakeAsync(sent.Pool, sent.Type, request, time, cancellationToken).ConfigureAwait(false);
                    _sender.Begin(ref sent, sender, time);
                }

                SetPending(ref isPending, false);
                try
                {
                    var response = await sent.Sender.SendAsync(request, cancellationToken).ConfigureAwait(false);
                    var status = _sender.Accept(ref sent, response, time);
                    failure = retrier?.FailureOf(response, status);
                    time.Answered(response, status, isLast: failure is null && !isAgain, isStream: !sent.IsUnary);
                    if (failure is null)
                    {
                        return response;
                    }

                    SetPending(ref isPending, true);
                    refusal = response;
                    break;
                }
                catch (Exception exception) when (
                    exception is not RpcException && (cancellationToken.IsCancellationRequested || (time.IsOver && SendFailure.IsCancelledByServer(exception))))
                {
                    // A server, or a proxy, that resets the stream at the deadline may be before this side's timer.
                    _sender.Cancelled(ref sent, exception, time);
                    throw;
                }
                catch (Exception exception) when (SendFailure.IsTransportFailure(exception) && !sent.Content.HasFailed)
                {
                    SetPending(ref isPending, true);
                    _sender.Failed(ref sent, exception);
                }
                finally
                {
                    EndpointSender.End(sent);
                }

                if (!await _resends.MaySendAgainAsync(request, sent.Cause!, sent.Content, sent.Sender, sent.IsFurther || time.Call is RetriableCall, sent.Resent, cancellationToken).ConfigureAwait(false))
                {
                    throw _sender.GiveUp(sent);
                }

                time.Observer?.AttemptEnds(StatusCode.Unavailable);
                time.Observer?.AttemptBegins(isTransparent: true);
                sent.SendAgain();
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && RetriedRequest.FailureOf(request, exception, retrier) is { } covered)
        {
            failure = covered;
            time.Observer?.AttemptEnds(covered.StatusCode);
        }
        catch (Exception exception) when (time.Failed(exception, isLast: !isAgain, isStream: !sent.IsUnary))
        {
            // It only looks.
            throw;
        }
        finally
        {
            if (isAdmitted)
            {
                Admission.Exit();
            }

            SetPending(ref isPending, isPending && failure is not null);
        }

        var retrying = CreateRetried(request, time, retrier!, hasParent, cancellationToken).GoOnAsync(failure, refusal);
        SetPending(ref isPending, false);
        return await retrying.TellAsync(time, isStream: false).ConfigureAwait(false);
    }

    private void SetPending(ref bool isPending, bool value)
    {
        if (isPending == value)
        {
            return;
        }

        isPending = value;
        if (value)
        {
            Pending.Begin();
        }
        else
        {
            Pending.End();
        }
    }

    private Task<HttpResponseMessage> ProbeAsync(HttpRequestMessage request, CallTime time, CallRetrier? retrier, bool isAgain, CancellationToken cancellationToken)
    {
        if (isAgain)
        {
            return SendProbeAsync();
        }

        var sending = retrier is null
            ? SendProbeAsync()
            : CreateRetried(request, time, retrier, RetriedRequest.HasParent(request), cancellationToken).StartAsync(SendProbeAsync);
        return sending.TellAsync(time, isStream: _streaming.TypeOf(request) != MethodType.Unary);

        Task<HttpResponseMessage> SendProbeAsync() =>
            _probes!.SendAsync(request, time, () => SendOnAsync(request, time, retrier: null, isAgain: true, cancellationToken), cancellationToken);
    }

    private RetriedRequest CreateRetried(HttpRequestMessage request, CallTime time, CallRetrier retrier, bool hasParent, CancellationToken cancellationToken)
    {
        return new RetriedRequest(request, time, retrier, hasParent, SendAgainAsync, cancellationToken);
        Task<HttpResponseMessage> SendAgainAsync()
        {
            // A content that an attempt has not used up stays with that attempt: the next one has its own around the same message.
            request.Content = request.Content is SentContent used ? used.Message : request.Content;
            return SendAsync(request, time, retrier: null, isAgain: true, cancellationToken);
        }
    }

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
}
