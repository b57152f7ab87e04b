using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Retries;

namespace PooledClients.Tests.Grpc;

/// <summary>Makes the attempts of a call as the handler below a pooled channel does, and nothing else of what that one does.</summary>
internal sealed class AttemptHandler(HttpMessageHandler server, TimeProvider time) : DelegatingHandler(server)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => CallScope.Of(request) is RetriableCall call ? AttemptAsync(request, call, cancellationToken) : base.SendAsync(request, cancellationToken);

    private Task<HttpResponseMessage> AttemptAsync(HttpRequestMessage request, RetriableCall call, CancellationToken cancellationToken)
    {
        var started = new CallTime(time, GrpcTimeoutHeader.Read(request), call);
        return new RetriedRequest(request, started, call.Retrier, RetriedRequest.HasParent(request), SendAsync, cancellationToken).StartAsync(SendAsync);

        Task<HttpResponseMessage> SendAsync() => base.SendAsync(request, cancellationToken);
    }
}
