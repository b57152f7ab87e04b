using System.Net.Security;
using System.Security.Authentication;
using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>The TLS handshake of a connection that is to speak HTTP/2, within the connect's own time.</summary>
internal static class Http2Handshake
{
    /// <param name="stream">The connected socket.</param>
    /// <param name="options">Trust and identity: the handler's own, which is this connection's alone.</param>
    /// <param name="host">Whose certificate it is to be.</param>
    /// <param name="address">Where it goes, as texts say it.</param>
    public static async Task<Stream> RunAsync(PooledStream stream, SslClientAuthenticationOptions options, string host, string address)
    {
        var connect = stream.Connect!;
        var tls = new SslStream(stream);
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

        return tls.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2
            ? tls
            : throw new HttpRequestException(HttpRequestError.VersionNegotiationError, $"{address} did not negotiate HTTP/2.");
    }
}
