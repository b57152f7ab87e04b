using System.Runtime.ExceptionServices;
using Grpc.Core;
using Polly;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Retries;

/// <summary>A unary call that is made a second time when its answer is late.</summary>
internal sealed class HedgedUnaryCall<TRequest, TResponse> : CallScope, IDisposable
    where TRequest : class
    where TResponse : class
{
    private readonly CallInvoker _inner;
    private readonly CallHedger _hedger;
    private readonly Method<TRequest, TResponse> _method;
    private readonly string? _host;
    private readonly CallOptions _options;
    private readonly DeadlineOrigin? _origin;
    private readonly TRequest _request;
    private readonly SeveralCalls _facts;
    private readonly CancellationTokenSource _disposed = new();
    private readonly List<(Exception Failure, AsyncUnaryCall<TResponse> Call)> _failed = [];

    // The attempt that decided: what the call came to is what it came to, whatever ended later. Written once, before the response ends; none where
    // not even one could be made.
    private AsyncUnaryCall<TResponse>? _decisive;
    private Task<TResponse> _response = null!;
    private StatusCode _status;

    // No further attempt is made: an earlier one, the server or the budget forbids it.
    private volatile bool _stops;

    private HedgedUnaryCall(
        CallInvoker inner,
        CallHedger hedger,
        Method<TRequest, TResponse> method,
        string? host,
        in CallOptions options,
        DeadlineOrigin? origin,
        TRequest request,
        in SeveralCalls facts)
    {
        _facts = facts;
        _inner = inner;
        _hedger = hedger;
        _method = method;
        _host = host;
        _options = options;
        _origin = origin;
        _request = request;
    }

    public override DeadlineOrigin? Deadline => _origin;

    public override EndpointPool? Tried { get; set; }

    public override CallAccount? Account => _facts.Account;

    public override CallClock? Clock => _facts.Clock;

    protected override bool MayFlow => true;

    protected override bool IsOf(HttpRequestMessage request) => request.RequestUri!.AbsolutePath.EndsWith(_method.FullName, StringComparison.Ordinal);

    public static AsyncUnaryCall<TResponse> Start(
        CallInvoker inner,
        CallHedger hedger,
        Method<TRequest, TResponse> method,
        string? host,
        in CallOptions options,
        DeadlineOrigin? origin,
        TRequest request,
        in SeveralCalls facts,
        ObservedCall? observed)
    {
        var call = new HedgedUnaryCall<TRequest, TResponse>(inner, hedger, method, host, options, origin, request, facts);
        call._response = call.ObserveAsync(observed);
        if (call is { _response.IsCompleted: true, _decisive: null })
        {
            // What could not even be made is told at once, and as it is, as by the channel.
            call._response.GetAwaiter().GetResult();
        }

        call._response.ObserveIf(() => call._status is StatusCode.Cancelled or StatusCode.DeadlineExceeded);
        return new AsyncUnaryCall<TResponse>(
            call._response,
            static call => ((HedgedUnaryCall<TRequest, TResponse>)call).GetHeadersAsync().Observed(),
            static call => ((HedgedUnaryCall<TRequest, TResponse>)call).GetStatus(),
            static call => ((HedgedUnaryCall<TRequest, TResponse>)call).GetTrailers(),
            static call => ((HedgedUnaryCall<TRequest, TResponse>)call).Dispose(),
            call);
    }

    public void Dispose()
    {
        _disposed.Cancel();
        _response.Observed();
    }

    // It ends before its caller goes on: whoever has awaited it finds what was recorded of it.
    private async Task<TResponse> ObserveAsync(ObservedCall? observed)
    {
        try
        {
            var response = await RunAsync().ConfigureAwait(false);
            End(observed, Status.DefaultSuccess);
            return response;
        }
        catch (Exception exception)
        {
            End(observed, StatusOf(exception));
            throw;
        }
    }

    private Status StatusOf(Exception exception) => exception is RpcException failure
        ? failure.Status
        : _decisive?.GetStatus() ?? new Status(exception is OperationCanceledException ? StatusCode.Cancelled : StatusCode.Internal, exception.Message, exception);

    private void End(ObservedCall? observed, Status status)
    {
        _status = status.StatusCode;
        Account?.Ends(status);
        observed?.Ends(status.StatusCode);
    }

    private async Task<TResponse> RunAsync()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_options.CancellationToken, _disposed.Token);
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, stop.Token);
        context.Properties.Set(HedgedAttempt<TResponse>.StartKey, Hedge);
        var outcome = await _hedger.Pipeline<TResponse>().ExecuteOutcomeAsync(
            static (context, call) => call.AttemptAsync(0, context.CancellationToken), context, this).ConfigureAwait(false);
        ResilienceContextPool.Shared.Return(context);

        if (outcome.Result is { } winner)
        {
            _decisive = winner.Call;
            return winner.Response;
        }

        if (outcome.Exception is OperationCanceledException && stop.IsCancellationRequested)
        {
            // An attempt under a cancelled token sends nothing and ends just as the channel ends cancelled calls.
            _decisive = Make(0, stop.Token);
            return await _decisive.ResponseAsync.ConfigureAwait(false);
        }

        _decisive = AttemptOf(outcome.Exception!);
        ExceptionDispatchInfo.Throw(outcome.Exception!);
        throw outcome.Exception!;
    }

    // A failure that is no attempt's is the strategy's own, and leaves the first attempt to speak for the call.
    private AsyncUnaryCall<TResponse>? AttemptOf(Exception failure)
    {
        lock (_failed)
        {
            return _failed.Find(attempt => ReferenceEquals(attempt.Failure, failure)).Call ?? _failed.FirstOrDefault().Call;
        }
    }

    private Func<ValueTask<Outcome<HedgedAttempt<TResponse>>>>? Hedge(int number, CancellationToken cancellationToken)
    {
        if (_stops || !_hedger.Budget.TryTakeHedge())
        {
            _stops = true;
            return null;
        }

        return () => AttemptAsync(number, cancellationToken);
    }

    private async ValueTask<Outcome<HedgedAttempt<TResponse>>> AttemptAsync(int number, CancellationToken cancellationToken)
    {
        AsyncUnaryCall<TResponse>? call = null;
        try
        {
            call = Make(number, cancellationToken);
            return Outcome.FromResult(new HedgedAttempt<TResponse>(call, await call.ResponseAsync.ConfigureAwait(false)));
        }
        catch (Exception e)
        {
            if (call is not null)
            {
                lock (_failed)
                {
                    _failed.Add((e, call));
                }
            }

            if (_hedger.Stops(e, number))
            {
                _stops = true;
            }

            return Outcome.FromException<HedgedAttempt<TResponse>>(e);
        }
    }

    private AsyncUnaryCall<TResponse> Make(int number, CancellationToken cancellationToken)
    {
        var options = _options.WithCancellationToken(cancellationToken);
        if (number > 0)
        {
            options = options.WithHeaders(PreviousAttempts.AddTo(_options.Headers, number));
        }

        using (CallScope.Start(this, _facts.Flows))
        {
            return _inner.AsyncUnaryCall(_method, _host, options, _request);
        }
    }

    private async Task<Metadata> GetHeadersAsync()
    {
        await ((Task)_response).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_decisive is null)
        {
            await _response.ConfigureAwait(false);
        }

        return await _decisive!.ResponseHeadersAsync.ConfigureAwait(false);
    }

    private Status GetStatus() => !_response.IsCompleted ? throw new InvalidOperationException("Unable to get the status because the call is not complete.")
        : _decisive?.GetStatus() ?? StatusOf(_response.Exception?.InnerException ?? new OperationCanceledException());

    private Metadata GetTrailers() => (_response.IsCompleted ? _decisive : null)?.GetTrailers()
        ?? throw new InvalidOperationException("Can't get the call trailers because the call has not completed successfully.");
}
