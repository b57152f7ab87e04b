using Grpc.Core;

namespace PooledClients.Grpc.Calls;

/// <summary>
/// For a channel with <c>ThrowOperationCanceledOnCancellation</c>: what ends a call by its deadline or its token is thrown as the
/// cancellation that the option promises, with the status that says more inside.
/// </summary>
internal sealed class CancellationHandler : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException exception)
            when (cancellationToken.IsCancellationRequested && exception.StatusCode is StatusCode.DeadlineExceeded or StatusCode.Cancelled)
        {
            throw new OperationCanceledException(exception.Status.Detail, exception, cancellationToken);
        }
    }
}
