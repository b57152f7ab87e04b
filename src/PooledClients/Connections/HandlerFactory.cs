using System.Diagnostics.Metrics;
using System.Net.Security;
using PooledClients.Connections.Wire;
using PooledClients.Platform;

namespace PooledClients.Connections;

/// <summary>
/// Makes a handler: our defaults, then the owner's adjustments, then what they may not take away. Over HTTP/2 each connection has one of
/// its own, so the adjustments run for each of them.
/// </summary>
internal static class HandlerFactory
{
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMilliseconds(100);

    public static SocketsHttpHandler Create(TransportKey key, TimeSpan? pingDelay, IReadOnlyList<Action<SocketsHttpHandler>> configure, IMeterFactory? meters)
    {
        var settings = key.Connection;

        // One look: a change meanwhile is none of the owner's doing, and has the generation that this handler is for replaced.
        var material = key.Tls?.Capture();
        var ssl = material?.CreateAuthenticationOptions();
        var handler = new SocketsHttpHandler
        {
            // gRPC knows no redirects, and the handler that follows them costs each call an async frame.
            AllowAutoRedirect = !key.IsMultiplexed,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = pingDelay ?? Timeout.InfiniteTimeSpan,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingTimeout = settings.KeepAlivePingTimeout,

            // As AddHttpClient gives it to its own.
            MeterFactory = meters,
            PooledConnectionIdleTimeout = settings.IdleTimeout,
            PooledConnectionLifetime = Jitter(settings.Lifetime),
            ResponseDrainTimeout = DrainTimeout,
            UseCookies = false,
            UseProxy = key is { Target: null, Address: not { IsUnix: true } },
        };
        if (!key.IsMultiplexed)
        {
            handler.MaxConnectionsPerServer = settings.ConnectionCap(isMultiplexed: false);
        }

        if (ssl is not null)
        {
            handler.SslOptions = ssl;
        }

        var validation = ssl?.RemoteCertificateValidationCallback;
        var policy = ssl?.CertificateChainPolicy;
        foreach (var adjust in configure)
        {
            adjust(handler);
        }

        if (handler.ConnectCallback is not null)
        {
            throw new InvalidOperationException(
                "ConfigureHandler set ConnectCallback, which the library needs to count descriptors; leave it out, or use a unix: address for a Unix socket.");
        }

        if (handler.SslOptions.RemoteCertificateValidationCallback != validation || handler.SslOptions.CertificateChainPolicy != policy)
        {
            throw new InvalidOperationException(
                "ConfigureHandler replaced the verification of the server's certificate; say whom to trust by Tls:CaCertificatePath instead.");
        }

        if (material is not null)
        {
            RestoreTrust(handler.SslOptions, material.CreateAuthenticationOptions());
        }

        // The handler's own timeout counts every wait inside the callback and ends in a cancellation without a cause: ours is the connector's.
        handler.ConnectTimeout = Timeout.InfiniteTimeSpan;
        if (key.IsMultiplexed)
        {
            HandlerHooks.OnHeadersWritten(handler, StreamRefusedException.ThrowIfSentOnce);
        }

        return handler;
    }

    // The policy that was handed out may have been changed in place.
    private static void RestoreTrust(SslClientAuthenticationOptions adjusted, SslClientAuthenticationOptions ours)
    {
        if (adjusted.CertificateChainPolicy is { } seen && ours.CertificateChainPolicy is { } policy
            && (seen.VerificationFlags != policy.VerificationFlags || seen.TrustMode != policy.TrustMode
                || seen.CustomTrustStore.Count != policy.CustomTrustStore.Count || seen.ExtraStore.Count != policy.ExtraStore.Count))
        {
            throw new InvalidOperationException(
                "ConfigureHandler changed the verification of the server's certificate; say whom to trust by Tls:CaCertificatePath instead.");
        }

        adjusted.CertificateChainPolicy = ours.CertificateChainPolicy;
        adjusted.EnabledSslProtocols = ours.EnabledSslProtocols;
    }

    // Give or take a tenth, so that a fleet that started together does not reconnect together.
    private static TimeSpan Jitter(TimeSpan lifetime)
        => lifetime == Timeout.InfiniteTimeSpan ? lifetime : lifetime * (0.9 + (Random.Shared.NextDouble() * 0.2));
}
