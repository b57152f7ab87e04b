using Grpc.Core;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Grpc.Sending;

/// <summary>What a call that ends on its way to a connection, or on one, says to its caller.</summary>
internal sealed class CallErrors(Transport transport)
{
    private string Address => transport.Address;

    private ConnectFailure? LastFailure => transport.Backoff.Failure;

    private string LastConnect => LastFailure is { } failure ? $"The last connect failed: {failure.Exception.Message}" : "No connect has failed.";

    public RpcException Draining() => Fail(StatusCode.Unavailable, $"The host is stopping: no new call to {Address} is taken.");

    public RpcException Disposed(Exception? cause = null) =>
        Fail(StatusCode.Unavailable, $"The pool is disposed, and its connections to {Address} with it.", cause);

    public RpcException NotAdmitted(CallTime time, int limit, Exception cause) => Fail(
        StatusCode.DeadlineExceeded, $"The call reached its deadline of {time} while it waited behind the limit of {limit} calls in flight to {Address}.", cause);

    public RpcException NotAnswered(CallTime time, Exception? cause) =>
        Fail(StatusCode.DeadlineExceeded, $"The call reached its deadline of {time} while it waited for the response of {Address}.", cause);

    public RpcException NotResolved() => Fail(StatusCode.Unavailable, $"No endpoint of {Address} is known: {transport.Set?.Failure?.Message}", transport.Set?.Failure);

    public RpcException NotResolved(CallTime time, Exception cause) => Fail(
        StatusCode.DeadlineExceeded, $"The call reached its deadline of {time} while it waited for the endpoints of {Address} to be resolved.", cause);

    /// <summary>The budget is the truth when it is what the call has waited for; otherwise the deadline is.</summary>
    public RpcException NotSent(CallTime time, EndpointPool pool, Exception? cause)
    {
        if (pool.Budget.Explain() is { } budget)
        {
            return OverBudget(time, budget);
        }

        if (pool.Connections.Count == 0 && LastFailure is { } failure)
        {
            return Fail(
                StatusCode.DeadlineExceeded,
                $"The call reached its deadline of {time} while it waited for {Address} to accept a connection. {LastConnect}",
                failure.Exception);
        }

        return Fail(
            StatusCode.DeadlineExceeded,
            $"The call reached its deadline of {time} while it waited for a connection to {Address}: {pool.Connections.Count} of at most {pool.Cap} are up, "
            + $"{pool.Dialing} being made, {pool.StreamLimit} calls each. {LastConnect}",
            LastFailure?.Exception ?? cause);
    }

    /// <summary>The same where the runtime picks the connections.</summary>
    public RpcException NotSent(CallTime time, Destination destination, Exception? cause) => destination.Gate.Explain() is { } budget
        ? OverBudget(time, budget)
        : Fail(
            StatusCode.DeadlineExceeded,
            $"The call reached its deadline of {time} while it waited for a connection to {Address}: {destination.Up} are up. {LastConnect}",
            LastFailure?.Exception ?? cause);

    public RpcException NotConnected(Exception exception)
    {
        var cause = exception is HttpRequestException { InnerException: { } inner } ? inner : exception;
        return SendFailure.IsTrustFailure(exception)
            ? Fail(StatusCode.Unavailable, $"{Address} and this client do not trust each other: {SendFailure.DescribeTrustFailure(exception)}", exception)
            : SendFailure.IsWithoutHttp2(exception)
            ? Fail(StatusCode.Unavailable, $"{Address} did not negotiate HTTP/2, which gRPC needs: let its TLS endpoint offer \"h2\" (ALPN).", exception)
            : Fail(StatusCode.Unavailable, $"No connection to {Address} could be made: {cause.Message}", exception);
    }

    /// <summary>What a failed send is to the call; what is best told by the channel stays as it is.</summary>
    public Exception Failed(Exception exception)
    {
        if (SendFailure.IsConnectFailure(exception) || SendFailure.IsTrustFailure(exception))
        {
            return NotConnected(exception);
        }

        return SendFailure.IsConnectionLoss(exception)
            ? Fail(StatusCode.Unavailable, $"The connection to {Address} ended before the response: {exception.Message}", exception)
            : exception;
    }

    private RpcException OverBudget(CallTime time, ConnectionBudgetException budget) => Fail(
        StatusCode.ResourceExhausted, $"The call reached its deadline of {time} while it waited for a connection to {Address}: {budget.Message}", budget);

    private static RpcException Fail(StatusCode code, string detail, Exception? cause = null) => new(new Status(code, detail, cause));
}
