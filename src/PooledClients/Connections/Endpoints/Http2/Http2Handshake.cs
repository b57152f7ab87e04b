using System.Net.Security;
using System.Security.Authentication;
using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>The TLS handshake of a connection that is to speak HTTP/2, within the connect's own time.</summary>
internal static class Http2Handshake
{
    /// <param name="tls">The stream over the connected socket; who made it disposes of it, also when this fails.</param>
    /// <param name="connect">The connect's time.</param>
    /// <param name="options">Trust and identity: the handler's own, which is this connection's alone.</param>
    /// <param name="host">Whose certificate it is to be.</param>
    /// <param name="address">Where it goes, as texts say it.</param>
    public static async Task RunAsync(SslStream tls, IConnectWatch connect, SslClientAuthenticationOptions options, string host, string address)
    {
        try
        {
            options.TargetHost = host;
            options.ApplicationProtocols = [SslApplicationProtocol.Http2];
            await tls.AuthenticateAsClientAsync(options, connect.Token).ConfigureAwait(false);
        }
        catch (Exception) when (connect.HasTimedOut)
        {
            throw connect.TimedOut("the TLS handshake");
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            throw new HttpRequestException(HttpRequestError.SecureConnectionError, $"The TLS handshake with {address} failed: {exception.Message}", exception);
        }

        if (tls.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
        {
            throw new HttpRequestException(HttpRequestError.VersionNegotiationError, $"{address} did not negotiate HTTP/2.");
        }
    }
}
