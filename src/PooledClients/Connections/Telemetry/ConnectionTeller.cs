using System.Net.Sockets;
using System.Security.Authentication;

namespace PooledClients.Connections.Telemetry;

/// <summary>Tells of the connects of one transport.</summary>
/// <param name="diagnostics">Where it is told.</param>
/// <param name="kind">Whose they are: <c>grpc</c> or <c>http</c>.</param>
/// <param name="target">The address that gRPC's calls have, whichever of its endpoints a connection is to.</param>
internal sealed class ConnectionTeller(ConnectionDiagnostics diagnostics, string kind, string target)
{
    public ConnectionDiagnostics Diagnostics => diagnostics;

    public string Target => target;

    /// <summary>gRPC's connections have instruments of their own, and their addresses are told of by who spaces their dials.</summary>
    public bool IsGrpc => kind == "grpc";

    /// <summary>A connection has its socket.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="isSecure">Whether a TLS handshake follows.</param>
    /// <param name="isTunnel">Whether what it carries has TLS of its own.</param>
    public ConnectionTelemetry Begin(string address, bool isSecure, bool isTunnel) => new(this, address, isSecure, isTunnel);

    /// <summary>A connect has failed before it had a socket.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="fault">What the address or the way to it did; none where it was no fault of theirs.</param>
    public void ConnectFailed(string address, Exception? fault)
    {
        if (IsGrpc)
        {
            diagnostics.Metrics.ConnectFailed(target);
        }
        else if (fault is not null)
        {
            diagnostics.Addresses.Failed(address, fault, TimeSpan.Zero);
        }
    }

    /// <summary>A phase of a connect is over.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="phase"><c>dns</c>, <c>tcp</c> or <c>tls</c>.</param>
    /// <param name="began">The timestamp at which it began.</param>
    /// <param name="failure">How it failed; none when it did not.</param>
    public void ConnectPhase(string address, string phase, long began, Exception? failure) =>
        diagnostics.Metrics.ConnectPhase(IsGrpc ? target : address, kind, phase, diagnostics.Time.GetElapsedTime(began), failure is null ? null : ErrorType(failure));

    /// <summary>The kind of an error as an attribute: a closed list as far as the network's own words go.</summary>
    public static string ErrorType(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException socket:
                    return socket.SocketErrorCode.ToString();
                case TimeoutException:
                    return "timeout";
                case AuthenticationException:
                    return typeof(AuthenticationException).FullName!;
            }
        }

        return failure.GetType().FullName!;
    }
}
