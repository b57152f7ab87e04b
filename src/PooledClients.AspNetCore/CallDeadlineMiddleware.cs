using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PooledClients.AspNetCore;

/// <summary>Makes the deadline and the cancellation of a request ambient while it is processed.</summary>
internal sealed class CallDeadlineMiddleware(RequestDelegate next, IOptions<RequestTimeoutOptions> options, IServiceProvider services)
{
    // A timer may be early by its resolution.
    private static readonly TimeSpan TimerSlack = TimeSpan.FromMilliseconds(20);

    private readonly TimeProvider _time = services.GetService<TimeProvider>() ?? TimeProvider.System;

    public async Task InvokeAsync(HttpContext context)
    {
        var policy = Policy(context.GetEndpoint());
        var deadline = policy?.Timeout is { } timeout && timeout > TimeSpan.Zero ? _time.GetUtcNow().UtcDateTime + timeout : DateTime.MaxValue;
        try
        {
            using (CallDeadline.Begin(deadline, context.RequestAborted))
            {
                await next(context).ConfigureAwait(false);
            }
        }
        catch (RpcException exception) when (context.RequestAborted.IsCancellationRequested && exception.StatusCode is StatusCode.Cancelled or StatusCode.DeadlineExceeded)
        {
            // The framework's middleware answers a request that timed out, and knows this exception only.
            throw new OperationCanceledException(exception.Message, exception, context.RequestAborted);
        }
        catch (Exception exception) when (IsEnd(exception) && _time.GetUtcNow().UtcDateTime >= deadline - TimerSlack && !context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.StatusCode = policy!.TimeoutStatusCode ?? StatusCodes.Status504GatewayTimeout;
            if (policy.WriteTimeoutResponse is { } write)
            {
                await write(context).ConfigureAwait(false);
            }
        }
    }

    private static bool IsEnd(Exception exception) =>
        exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled or StatusCode.DeadlineExceeded };

    // As the framework's own middleware decides: the endpoint's last word, else the default policy.
    private RequestTimeoutPolicy? Policy(Endpoint? endpoint)
    {
        var metadata = endpoint?.Metadata;
        if (metadata?.GetMetadata<DisableRequestTimeoutAttribute>() is not null)
        {
            return null;
        }

        if (metadata?.GetMetadata<RequestTimeoutPolicy>() is { } policy)
        {
            return policy;
        }

        if (metadata?.GetMetadata<RequestTimeoutAttribute>() is { } attribute)
        {
            return attribute.PolicyName is { } name
                ? options.Value.Policies.TryGetValue(name, out var named) ? named
                    : throw new InvalidOperationException($"The endpoint's request timeout policy '{name}' is not to be found; add it with AddRequestTimeouts.")
                : new RequestTimeoutPolicy { Timeout = attribute.Timeout };
        }

        return options.Value.DefaultPolicy;
    }
}
