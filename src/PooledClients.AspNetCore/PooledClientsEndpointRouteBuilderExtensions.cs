using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using PooledClients;
using PooledClients.AspNetCore.Channelz;
using PooledClients.AspNetCore.Page;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps what shows the pooled clients to people and tools.</summary>
public static class PooledClientsEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a page that shows what the pooled clients of this process do and what is wrong: HTML without script for a browser, plain text
    /// for a terminal, and the JSON of <see cref="IPooledClientsDiagnostics.Capture"/> where <c>Accept</c> or <c>?format=json</c> asks for it.
    /// </summary>
    /// <remarks>
    /// Without an authorization policy of its endpoint it answers requests from this machine alone (403 to others): the connection has to
    /// come from a loopback address and the Host header to name localhost or one; forwarded headers change neither. A reverse proxy on this
    /// machine makes connections from this machine: behind one give the page a policy, by <c>RequireAuthorization</c> on the result.
    /// The page holds addresses, certificates' subjects and call sites, and no secret. Nothing maps it by itself.
    /// </remarks>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The route of the page.</param>
    /// <returns>The endpoint's builder.</returns>
    public static IEndpointConventionBuilder MapPooledClients(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/debug/pooled-clients")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        return endpoints.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)PageEndpoint.AnswerAsync)
            .WithDisplayName("Pooled clients");
    }

    /// <summary>
    /// Maps channelz (gRFC A14), by which gRPC's own tools look at the pooled channels, their connections and sockets. It needs
    /// <c>AddGrpc()</c>, and tells addresses to whoever may call it: give it a policy, by <c>RequireAuthorization</c> on the result, or a
    /// host and port of its own, by <c>RequireHost</c>.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <returns>The endpoints' builder.</returns>
    public static IEndpointConventionBuilder MapPooledClientsChannelz(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return endpoints.MapGrpcService<ChannelzService>();
    }
}
