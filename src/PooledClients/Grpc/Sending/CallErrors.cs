using Grpc.Core;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Statuses;
using PooledClients.Grpc.Telemetry;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Sending;

/// <summary>What a call that ends on its way to a connection, or on one, says to its caller.</summary>
internal sealed class CallErrors(Transport transport)
{
    private string Address => transport.Address;

    private string LastConnect => transport.LastFailure is { } failure ? $"The last connect failed: {AddressText.WithoutUserInfo(failure.Message)}" : "No connect has failed.";

    public RpcException Draining() => FailOver($"The host is stopping: no new call to {Address} is taken.");

    public RpcException Disposed() => FailOver($"The pool is disposed, and its connections to {Address} with it.");

    public RpcException NotAdmitted(CallTime time, WaitPhase phase, int limit, Exception cause)
    {
        time.DeadlineExceeded(phase);
        var held = phase == WaitPhase.Stream
            ? $"for a stream: the connections to {Address} carry at most {limit} calls at a time"
            : $"behind the limit of {limit} calls in flight to {Address}";
        return Fail(StatusCode.DeadlineExceeded, $"The call reached its deadline of {time} while it waited {held}.", cause);
    }

    public RpcException NotAnswered(CallTime time, Exception? cause)
    {
        time.DeadlineExceeded(WaitPhase.Response);
        return Fail(StatusCode.DeadlineExceeded, $"The call reached its deadline of {time} while it waited for the response of {Address}.", cause);
    }

    /// <summary>No endpoint of several is to be had.</summary>
    public RpcException NoEndpoint(EndpointSet set) => set.IsClosed ? Disposed()
        : set.All.Count(static endpoint => endpoint.Health is { IsRefusing: true }) is > 0 and var refusing && refusing == set.All.Count
            ? FailUnknown($"None of the {refusing} endpoints of {Address} serves, as their health checks say.", cause: null)
        : set.All.Count == 0 || set.WhyNone() is not { } failure ? FailUnknown($"No endpoint of {Address} is known: {set.Failure?.Message}", set.Failure)
        : NotConnected(failure);

    /// <summary>The deadline was over before an endpoint of several was ready.</summary>
    public RpcException NoEndpoint(EndpointSet set, CallTime time, Exception cause)
    {
        var budget = cause.Find<ConnectionBudgetException>() ?? set.Pools.Select(static pool => pool.Budget.Explain()).FirstOrDefault(static budget => budget is not null);
        if (budget is not null)
        {
            return OverBudget(time, budget);
        }

        var ready = set.All.Count(static endpoint => endpoint.IsReady);
        time.DeadlineExceeded(ready == 0 ? WaitPhase.Dial : WaitPhase.Stream);
        return Fail(
            StatusCode.DeadlineExceeded,
            $"The call reached its deadline of {time} while it waited for an endpoint of {Address}: {set.All.Count} are known, {ready} of them ready. {LastConnect}",
            transport.LastFailure ?? cause);
    }

    /// <summary>The budget is the truth when it is what the call has waited for; otherwise the deadline is.</summary>
    public RpcException NotSent(CallTime time, EndpointPool pool, Exception? cause)
    {
        if (cause.Find<ConnectionBudgetException>() is { } budget)
        {
            return OverBudget(time, budget);
        }

        time.DeadlineExceeded(pool.Connections.Current.Length == 0 ? WaitPhase.Dial : WaitPhase.Stream);
        if (pool.Connections.Current.Length == 0 && pool.LastFailure is { } failure)
        {
            return Fail(
                StatusCode.DeadlineExceeded,
                $"The call reached its deadline of {time} while it waited for {Address} to accept a connection. {LastConnect}",
                failure);
        }

        return Fail(
            StatusCode.DeadlineExceeded,
            $"The call reached its deadline of {time} while it waited for a connection to {Address}: {pool.Connections.Current.Length} of at most {pool.Budget.Cap} are up, "
            + $"{pool.Dialing} being made, {pool.StreamLimit} calls each. {LastConnect}",
            transport.LastFailure ?? cause);
    }

    /// <summary>The same where the runtime picks the connections.</summary>
    public RpcException NotSent(CallTime time, Destination destination, Exception? cause)
    {
        if (destination.Gate.Explain() is { } budget)
        {
            return OverBudget(time, budget);
        }

        time.DeadlineExceeded(destination.Up == 0 ? WaitPhase.Dial : WaitPhase.Stream);
        return Fail(
            StatusCode.DeadlineExceeded,
            $"The call reached its deadline of {time} while it waited for a connection to {Address}: {destination.Up} are up. {LastConnect}",
            transport.LastFailure ?? cause);
    }

    public static RpcException BreakerOpen(BreakerOpenException cause) => Fail(StatusCode.Unavailable, cause.Message, cause);

    public RpcException NotConnected(Exception exception)
    {
        var failure = FailureClassifier.Classify(exception);
        var kind = failure.IsConnect ? failure.Kind : FailureKind.ConnectFailed;
        return Fail(Failure.Of(kind).Status, FailureClassifier.Describe(exception, kind, Address), exception);
    }

    /// <summary>What a failed send is to the call. What the server says of a stream is told as the channel tells it.</summary>
    public Exception Failed(Exception exception) =>
        FailureClassifier.Classify(exception).Kind == FailureKind.StreamReset ? exception : SendFailure.AsRpcException(exception, Address);

    private RpcException OverBudget(CallTime time, ConnectionBudgetException budget)
    {
        time.DeadlineExceeded(WaitPhase.Budget);
        return Fail(
            StatusCode.ResourceExhausted, $"The call reached its deadline of {time} while it waited for a connection to {Address}: {budget.Message}", budget);
    }

    // A status without a cause is taken for the server's word.
    private static RpcException FailOver(string detail) => Fail(StatusCode.Unavailable, detail, new ObjectDisposedException(typeof(IGrpcChannelPool).FullName, detail));

    private static RpcException FailUnknown(string detail, Exception? cause) =>
        Fail(StatusCode.Unavailable, detail, cause ?? new HttpRequestException(HttpRequestError.NameResolutionError, detail));

    private static RpcException Fail(StatusCode code, string detail, Exception? cause) => new(new Status(code, detail, cause));
}
