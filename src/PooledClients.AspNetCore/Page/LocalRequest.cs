using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PooledClients.AspNetCore.Page;

/// <summary>
/// Who may see the page when its endpoint has no authorization policy: this machine alone. The connection itself is judged, below
/// anything that a header can say, and the Host header has to name this machine, so that no web page can have a browser read it
/// under a name of its own (DNS rebinding).
/// </summary>
internal static class LocalRequest
{
    private const string OriginalHost = "X-Original-Host";
    private const string OriginalAddress = "X-Original-For";

    /// <summary>Whether the endpoint leaves the decision to an authorization policy.</summary>
    public static bool HasPolicy(HttpContext context) => context.GetEndpoint()?.Metadata is { } metadata
        && metadata.GetMetadata<IAllowAnonymous>() is null
        && (metadata.GetMetadata<IAuthorizeData>() is not null || metadata.GetMetadata<AuthorizationPolicy>() is not null);

    public static bool IsLocal(HttpContext context) => IsLoopback(context) && IsLocalName(context.Request.Host)
        // The middleware for forwarded headers puts the host that a header names in the place of the one that was asked for.
        && context.Request.Headers[OriginalHost].All(static host => host is not null && IsLocalName(new HostString(host)));

    // The middleware for forwarded headers changes the address of the request's connection, not the end point of its socket.
    private static bool IsLoopback(HttpContext context) => RemoteEndPoint(context.Features) switch
    {
        IPEndPoint remote => IPAddress.IsLoopback(remote.Address),
        null => !context.Request.Headers.ContainsKey(OriginalAddress) && context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address),

        // A Unix socket comes from this machine.
        _ => true,
    };

    // A server that tells neither is believed what it says of the request's connection, unless that was changed.
    private static EndPoint? RemoteEndPoint(IFeatureCollection features) =>
        features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint ?? features.Get<IConnectionSocketFeature>()?.Socket.RemoteEndPoint;

    private static bool IsLocalName(HostString host) => host.HasValue
        && (host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));
}
