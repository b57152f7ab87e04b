using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints;
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
    private const int MostResends = 5;

    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(1);

    private readonly Transport _transport;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly SilenceRule _silence;
    private readonly AddressBreaker? _breaker;
    private readonly SentContentPool _contents = new();

    // The methods that are not unary, by path; only grows, with the methods of the contracts.
    private readonly ConcurrentDictionary<string, MethodType> _streaming = new(StringComparer.Ordinal);
    private volatile bool _hasStreaming;
    private volatile bool _draining;

    public GrpcTransportHandler(Transport transport, AdmissionOptions admission, AddressBreaker? breaker, TimeProvider timeProvider, ILogger logger)
    {
        _transport = transport;
        _breaker = breaker;
        _timeProvider = timeProvider;
        _logger = logger;
        _silence = new SilenceRule(timeProvider);
        Admission = new CallAdmission(admission, transport.Key.Connection.ConnectionCap(isMultiplexed: true), timeProvider);
        OpenStreams = new OpenStreams(transport.Address, timeProvider, logger);
        transport.StreamLimitLearned += Admission.LearnStreamLimit;
    }

    public Transport Transport => _transport;

    public CallAdmission Admission { get; }

    public OpenStreams OpenStreams { get; }

    /// <summary>The breaker of its address; none where the options have none.</summary>
    public AddressBreaker? Breaker => _breaker;

    /// <summary>Tells that a method streams: such calls are not held by the limit, and count until their stream ends.</summary>
    public void LearnStreaming(IMethod method)
    {
        if (_streaming.TryAdd(method.FullName, method.Type))
        {
            _hasStreaming = true;
        }
    }

    /// <summary>What the address's connections are, in gRPC's words.</summary>
    public ConnectivityState State
    {
        get
        {
            if (_draining || _transport.IsDisposed)
            {
                return ConnectivityState.Shutdown;
            }

            var destination = _transport.Current.Destination;
            return destination.Up > 0 ? ConnectivityState.Ready
                : _transport.Backoff.Failure is not null ? ConnectivityState.TransientFailure
                : destination.Connections > 0 ? ConnectivityState.Connecting
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
        var call = CallScope.Of(request);
        return SendAsync(request, call, call?.Retrier, observer, isAgain: false, cancellationToken);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        SendAsync(request, observer: null, cancellationToken);

    // A closed breaker is asked nothing; it learns what each request came to.
    private Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CallScope? call, CallRetrier? retrier, CallObserver? observer, bool isAgain, CancellationToken cancellationToken) =>
        _breaker is null || _breaker.IsClosed
            ? SendOnAsync(request, call, retrier, observer, isAgain, cancellationToken)
            : ProbeAsync(request, call, retrier, observer, isAgain, cancellationToken);

    // One async method, for each costs 114 B a call; what is rare, or has a closure, which is made where its scope begins, is in methods
    // of its own.
    private async Task<HttpResponseMessage> SendOnAsync(
        HttpRequestMessage request, CallScope? call, CallRetrier? retrier, CallObserver? observer, bool isAgain, CancellationToken cancellationToken)
    {
        var time = new CallTime(_timeProvider, GrpcTimeoutHeader.Read(request), call, observer);
        var type = _hasStreaming ? TypeOf(request.RequestUri!.AbsolutePath) : MethodType.Unary;
        var content = type == MethodType.Unary
            ? _contents.Rent(request.Content!)
            : new SentContent(request.Content!, isStream: type is MethodType.ClientStreaming or MethodType.DuplexStreaming);
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
                await WaitForAdmissionAsync(time, cancellationToken).ConfigureAwait(false);
                admitted = hasWaited = true;
            }

            for (var resends = 0; ;)
            {
                // Its stream is dead: the runtime is about to end the writing.
                if (content.IsBeingWritten)
                {
                    await content.WrittenAsync().ConfigureAwait(false);
                }

                content.Reset();
                if (_transport.Backoff.Failure is not null)
                {
                    await WaitForDialAsync(time, cancellationToken).ConfigureAwait(false);
                    hasWaited = true;
                }

                var generation = Enter();
                var destination = generation.Destination;
                if (!destination.TryBeginCall(content))
                {
                    hasWaited = true;
                    if (!await WaitForStreamAsync(request, content, generation, time, cancellationToken).ConfigureAwait(false))
                    {
                        continue;
                    }
                }

                // The header was written when the request was made: the server has to be told what is left of it.
                if (hasWaited && time.Remaining is { } remaining)
                {
                    GrpcTimeoutHeader.Write(request, remaining);
                }

                var open = type == MethodType.Unary ? null : OpenStreams.Add(request.RequestUri!.AbsolutePath, destination.EndCall, time.Observer?.Method.Channel.Client);
                var isAnswered = false;
                try
                {
                    var response = await generation.SendAsync(request, cancellationToken).ConfigureAwait(false);
                    var status = GrpcAnswer.StatusOf(response);
                    if (status == StatusCode.DeadlineExceeded && time.IsOver)
                    {
                        // The server keeps the deadline too, and may be first to say so; but only this side knows where the time went.
                        response.Dispose();
                        throw DeadlineExceeded(exception: null, time, generation, content);
                    }

                    time.Call?.OnHeaders(isEnd: status is not null);
                    _breaker?.Report(GrpcFailure.Judge(status));
                    if (_silence.HasRetired)
                    {
                        _silence.Answered();
                    }

                    if (open is not null)
                    {
                        response.Content = Follow(response.Content, open, generation);
                        open.OnEnd = time.Observer?.StreamBegins(response, time.Remaining);
                    }
                    else
                    {
                        _contents.Return(request, content);
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

                    throw DeadlineExceeded(exception, time, generation, content);
                }
                catch (Exception exception) when (SendFailure.IsTransportFailure(exception) && !content.HasFailed)
                {
                    OnConnectionError(exception, generation);
                    if (!MaySendAgain(request, exception, content, destination, ref resends))
                    {
                        // A server that cannot be reached is spared by the spacing of dials, which is over sooner than a break.
                        if (!SendFailure.IsConnectFailure(exception))
                        {
                            _breaker?.Report(GrpcFailure.Judge(exception));
                        }

                        throw Translate(exception, destination);
                    }

                    _logger.RequestSentAgain(_transport.Address, exception.Message);
                    time.Observer?.AttemptEnds(StatusCode.Unavailable);
                    time.Observer?.AttemptBegins(isTransparent: true);
                    hasWaited = true;
                }
                finally
                {
                    // The end of the last call makes the generation idle, and tells so: it has no request inside any more by then.
                    generation.Exit();
                    if (!isAnswered)
                    {
                        content.End();
                    }

                    if (open is null)
                    {
                        destination.EndCall();
                    }
                    else if (!isAnswered)
                    {
                        open.End();
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

        return await ObserveAsync(CreateRetried(request, time, retrier!, hasParent, cancellationToken).GoOnAsync(failure, refusal), time).ConfigureAwait(false);
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
        return ObserveAsync(
            retrier is null ? SendProbeAsync() : CreateRetried(request, time, retrier, RetriedRequest.HasParent(request), cancellationToken).StartAsync(SendProbeAsync), time);

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
                throw Fail(StatusCode.Unavailable, exception.Message, exception);
            }
        }
    }

    private RetriedRequest CreateRetried(HttpRequestMessage request, CallTime time, CallRetrier retrier, bool hasParent, CancellationToken cancellationToken)
    {
        return new RetriedRequest(request, time, retrier, hasParent, SendAgainAsync, cancellationToken);

        Task<HttpResponseMessage> SendAgainAsync()
        {
            // A content that an attempt has not used up stays with that attempt: the next one has its own around the same message.
            request.Content = request.Content is SentContent used ? used.Message : request.Content;
            return SendAsync(request, time.Call, retrier: null, time.Observer, isAgain: true, cancellationToken);
        }
    }

    private StreamedContent Follow(HttpContent content, OpenStream open, Generation generation) =>
        new(content, open, exception => OnConnectionError(exception, generation));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Admission.Dispose();
            OpenStreams.Dispose();
        }

        base.Dispose(disposing);
    }

    // A message handler may have put a prefix in front, for servers below a path of their own.
    private MethodType TypeOf(string path)
    {
        if (_streaming.TryGetValue(path, out var type))
        {
            return type;
        }

        var service = path.LastIndexOf('/', Math.Max(0, path.LastIndexOf('/') - 1));
        return service > 0 && _streaming.TryGetValue(path[service..], out type) ? type : MethodType.Unary;
    }

    private Generation Enter()
    {
        if (_draining)
        {
            throw Fail(StatusCode.Unavailable, $"The host is stopping: no new call to {_transport.Address} is taken.");
        }

        try
        {
            return _transport.Enter();
        }
        catch (ObjectDisposedException exception)
        {
            throw Fail(StatusCode.Unavailable, $"The pool is disposed, and its connections to {_transport.Address} with it.", exception);
        }
    }

    private void OnConnectionError(Exception exception, Generation generation)
    {
        if (SendFailure.IsEnhanceYourCalm(exception))
        {
            _transport.SlowPings(generation);
        }
        else if (SendFailure.IsWithoutHttp2(exception))
        {
            // The runtime gives up HTTP/2 for as long as the handler lives.
            _transport.Replace(generation, "its server did not negotiate HTTP/2");
        }
    }

    private async Task WaitForAdmissionAsync(CallTime time, CancellationToken cancellationToken)
    {
        var since = _timeProvider.GetTimestamp();
        try
        {
            await Admission.EnterAsync(cancellationToken).ConfigureAwait(false);
            TellOfWait(time, WaitPhase.Admission, since);
        }
        catch (OperationCanceledException exception)
        {
            TellOfWait(time, WaitPhase.Admission, since);
            if (!time.IsOver)
            {
                throw;
            }

            time.Observer?.DeadlineExceeded(WaitPhase.Admission);
            throw Fail(
                StatusCode.DeadlineExceeded,
                $"The call reached its deadline of {time} while it waited behind the limit of {Admission.Limit} calls in flight to {_transport.Address}.",
                exception);
        }
    }

    /// <summary>Waits for the next dial to be due, while no connection is up that could carry the call.</summary>
    private async Task WaitForDialAsync(CallTime time, CancellationToken cancellationToken)
    {
        var gap = _transport.Backoff.RemainingGap();
        if (gap <= TimeSpan.Zero || _transport.Current.Destination.IsReady)
        {
            return;
        }

        var since = _timeProvider.GetTimestamp();
        try
        {
            await Task.Delay(gap, _timeProvider, cancellationToken).ConfigureAwait(false);
            TellOfWait(time, WaitPhase.Dial, since);
        }
        catch (OperationCanceledException exception)
        {
            TellOfWait(time, WaitPhase.Dial, since);
            if (!time.IsOver)
            {
                throw;
            }

            time.Observer?.DeadlineExceeded(WaitPhase.Dial);

            throw Fail(
                StatusCode.DeadlineExceeded,
                $"The call reached its deadline of {time} while it waited for {_transport.Address} to accept a connection. {LastFailure()}",
                _transport.Backoff.Failure?.Exception ?? exception);
        }
    }

    /// <summary>Waits for a stream; when there is none to be had of this generation, tells to try again or throws.</summary>
    private async Task<bool> WaitForStreamAsync(HttpRequestMessage request, SentContent content, Generation generation, CallTime time, CancellationToken cancellationToken)
    {
        var outcome = CallOutcome.Moved;
        var since = _timeProvider.GetTimestamp();
        var phase = generation.Destination.IsReady ? WaitPhase.Stream : WaitPhase.Dial;
        try
        {
            outcome = await generation.Destination.WaitForStreamAsync(content, cancellationToken).ConfigureAwait(false);
            return outcome switch
            {
                CallOutcome.Granted => true,
                CallOutcome.Failed when !WaitsForReady(request) && _transport.Backoff.Failure is { } failure => throw ConnectFailed(failure.Exception),
                _ => false,
            };
        }
        catch (OperationCanceledException exception) when (time.IsOver)
        {
            throw NotSentInTime(exception, time, generation.Destination);
        }
        finally
        {
            TellOfWait(time, phase, since);
            if (outcome != CallOutcome.Granted)
            {
                content.End();
                generation.Exit();
            }
        }
    }

    private void TellOfWait(CallTime time, WaitPhase phase, long since)
    {
        var waited = _timeProvider.GetElapsedTime(since);
        time.Observer?.Waited(phase, waited);
        if (phase == WaitPhase.Admission && waited >= LongWait)
        {
            _logger.CallsWaitForAdmission(_transport.Address, Admission.Limit, waited.TotalSeconds, Admission.Waiting);
        }
    }

    private bool MaySendAgain(HttpRequestMessage request, Exception exception, SentContent content, Destination destination, ref int resends)
    {
        if (SendFailure.IsAbandonedDial(exception))
        {
            return content.CanBeSentAgain;
        }

        if (SendFailure.IsConnectFailure(exception) || SendFailure.IsTrustFailure(exception))
        {
            _transport.Backoff.Explain(exception.InnerException ?? exception);
            destination.FailWaitingCalls();

            // A connection that is up may yet carry the call: another dial that fails is no reason to fail it. The message may have
            // been asked for all the same, when the runtime itself sent it again after a refusal: nothing was processed either way.
            var isSentAgain = !SendFailure.IsTrustFailure(exception) && content.CanBeSentAgain && (destination.IsReady || WaitsForReady(request));
            if (isSentAgain && !destination.IsReady && _transport.Backoff.RemainingGap() == TimeSpan.Zero)
            {
                // Not every failure of a connection is one of a dial of ours: none is repeated without a pause.
                _transport.Backoff.Fail(exception.InnerException ?? exception);
            }

            return isSentAgain;
        }

        return resends++ < MostResends && content.CanBeSentAgain && SendFailure.IsProvablyUnprocessed(exception, content);
    }

    // What the server says of a stream is told as the channel tells it.
    private static Exception Translate(Exception exception, Destination destination) =>
        FailureClassifier.Judge(exception).Kind is FailureKind.StreamReset or FailureKind.AnswerInvalid ? exception : SendFailure.AsRpcException(exception, destination.Address);

    private RpcException ConnectFailed(Exception exception)
    {
        var failure = FailureClassifier.Judge(exception);
        var kind = failure.IsConnect ? failure.Kind : FailureKind.ConnectFailed;
        return Fail(Failure.Of(kind).Status, FailureClassifier.Describe(exception, kind, _transport.Address), exception);
    }

    private RpcException DeadlineExceeded(Exception? exception, CallTime time, Generation generation, SentContent content)
    {
        var destination = generation.Destination;
        if (!content.WasAsked)
        {
            return NotSentInTime(exception, time, destination);
        }

        if (destination.IsSilentSince(time.StartedAt) && _silence.MayRetire(time.StartedAt))
        {
            _transport.Replace(generation, "a call reached its deadline while its connection received not one byte");
        }

        time.Observer?.DeadlineExceeded(WaitPhase.Response);
        return Fail(StatusCode.DeadlineExceeded, $"The call reached its deadline of {time} while it waited for the response of {_transport.Address}.", exception);
    }

    // The budget is the truth when it is what the call has waited for; otherwise the deadline is.
    private RpcException NotSentInTime(Exception? exception, CallTime time, Destination destination)
    {
        var budget = destination.Gate.Explain();
        time.Observer?.DeadlineExceeded(budget is not null ? WaitPhase.Budget : destination.Up == 0 ? WaitPhase.Dial : WaitPhase.Stream);
        return budget is not null
            ? Fail(StatusCode.ResourceExhausted, $"The call reached its deadline of {time} while it waited for a connection to {_transport.Address}: {budget.Message}", budget)
            : Fail(
                StatusCode.DeadlineExceeded,
                $"The call reached its deadline of {time} while it waited for a connection to {_transport.Address}: {destination.Up} of at most {destination.Cap} are up, "
                + $"{destination.Connections - destination.Up} being made, {destination.StreamLimit} calls each. {LastFailure()}",
                _transport.Backoff.Failure?.Exception ?? exception);
    }

    private static bool WaitsForReady(HttpRequestMessage request) => request.Options.TryGetValue(RuntimeContracts.WaitForReady, out var waits) && waits;

    private string LastFailure() => _transport.Backoff.Failure is { } failure ? $"The last connect failed: {failure.Exception.Message}" : "No connect has failed.";

    private static RpcException Fail(StatusCode code, string detail, Exception? cause = null) => new(new Status(code, detail, cause));
}
