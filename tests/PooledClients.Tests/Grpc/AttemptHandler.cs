using PooledClients.Grpc;
using PooledClients.Resilience;

namespace PooledClients.Tests.Grpc;

/// <summary>Makes the attempts of a call as the handler below a pooled channel does, and nothing else of what that one does.</summary>
internal sealed class AttemptHandler(HttpMessageHandler server, TimeProvider time) : DelegatingHandler(server)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => CallScope.Of(request) is { Retrier: { } retrier } call
            ? SendAsync(request, call, retrier, cancellationToken)
            : base.SendAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CallScope call, CallRetrier retrier, CancellationToken cancellationToken)
    {
        var started = new CallTime(time, GrpcTimeoutHeader.Read(request), call);
        var retried = new RetriedRequest(request, started, retrier, () => base.SendAsync(request, cancellationToken), cancellationToken);
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            return retrier.FailureOf(response, GrpcAnswer.StatusOf(response)) is { } refusal ? await retried.GoOnAsync(refusal, response) : response;
        }
        catch (Exception exception) when (retrier.FailureOf(exception) is { } failure)
        {
            return await retried.GoOnAsync(failure, refusal: null);
        }
    }
}
