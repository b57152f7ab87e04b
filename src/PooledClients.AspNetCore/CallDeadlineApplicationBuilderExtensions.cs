using PooledClients;
using PooledClients.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds what makes a request's deadline ambient.</summary>
public static class CallDeadlineApplicationBuilderExtensions
{
    /// <summary>
    /// Makes the deadline and the cancellation of each request ambient (<see cref="CallDeadline"/>), so that the calls it makes
    /// through pooled clients end with it. The deadline is the endpoint's request timeout (<c>[RequestTimeout]</c>,
    /// <c>WithRequestTimeout</c>, or the default policy of <c>AddRequestTimeouts</c>), counted from here; the cancellation is
    /// <c>HttpContext.RequestAborted</c>. A request whose calls ended with that deadline is answered as one that timed out: 504, or what its
    /// policy says. Put it behind <c>UseRouting</c> and <c>UseRequestTimeouts</c>. For gRPC services add
    /// <see cref="CallDeadlineInterceptor"/> too: their deadline is in the call.
    /// </summary>
    /// <param name="app">The application.</param>
    /// <returns><paramref name="app"/>.</returns>
    public static IApplicationBuilder UseCallDeadlines(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.UseMiddleware<CallDeadlineMiddleware>();
    }
}
