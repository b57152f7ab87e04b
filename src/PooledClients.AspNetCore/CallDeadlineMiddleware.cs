using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PooledClients.AspNetCore;

/// <summary>Makes the deadline and the cancellation of a request ambient while it is processed.</summary>
internal sealed class CallDeadlineMiddleware(RequestDelegate next, IOptions<RequestTimeoutOptions> options, IServiceProvider services)
{
    private readonly TimeProvider _time = services.GetService<TimeProvider>() ?? TimeProvider.System;

    public async Task InvokeAsync(HttpContext context)
    {
        using (CallDeadline.Begin(Deadline(context.GetEndpoint()), context.RequestAborted))
        {
            await next(context).ConfigureAwait(false);
        }
    }

    private DateTime Deadline(Endpoint? endpoint) =>
        Timeout(endpoint) is { } timeout && timeout > TimeSpan.Zero ? _time.GetUtcNow().UtcDateTime + timeout : DateTime.MaxValue;

    // As the framework's own middleware decides: the endpoint's last word, else the default policy.
    private TimeSpan? Timeout(Endpoint? endpoint)
    {
        var metadata = endpoint?.Metadata;
        if (metadata?.GetMetadata<DisableRequestTimeoutAttribute>() is not null)
        {
            return null;
        }

        if (metadata?.GetMetadata<RequestTimeoutPolicy>() is { } policy)
        {
            return policy.Timeout;
        }

        if (metadata?.GetMetadata<RequestTimeoutAttribute>() is { } attribute)
        {
            return attribute.PolicyName is { } name
                ? options.Value.Policies.TryGetValue(name, out var named) ? named.Timeout
                    : throw new InvalidOperationException($"The endpoint's request timeout policy '{name}' is not to be found; add it with AddRequestTimeouts.")
                : attribute.Timeout;
        }

        return options.Value.DefaultPolicy?.Timeout;
    }
}
