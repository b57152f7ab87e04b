using System.Net.Security;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Wire;

/// <summary>One connection as it is told of: its number, its phases, and what was first seen of its end.</summary>
/// <param name="diagnostics">Where it is told.</param>
/// <param name="address">The address that it was opened for.</param>
/// <param name="isGrpc">Whose it is.</param>
/// <param name="isSecure">Whether it has TLS.</param>
internal sealed class ConnectionTelemetry(ConnectionDiagnostics diagnostics, string address, bool isGrpc, bool isSecure)
{
    private const int Connecting = 0;
    private const int Open = 1;
    private const int Over = 2;

    private readonly long _connectedAt = diagnostics.Time.GetTimestamp();
    private long _openedAt;
    private int _state;
    private string? _reason;

    public long Id { get; } = DiagnosticIds.Next();

    public string Kind => KindOf(isGrpc);

    public string? TlsVersion { get; private set; }

    public string? CipherSuite { get; private set; }

    public static string KindOf(bool isGrpc) => isGrpc ? "grpc" : "http";

    /// <summary>The connection can carry calls: TLS has ended, or there is none.</summary>
    /// <param name="plaintext">What the handler reads and writes.</param>
    /// <param name="remoteEndPoint">The other side.</param>
    public void Established(Stream? plaintext, string? remoteEndPoint)
    {
        if (Interlocked.CompareExchange(ref _state, Open, Connecting) != Connecting)
        {
            return;
        }

        _openedAt = diagnostics.Time.GetTimestamp();
        if (plaintext is SslStream tls)
        {
            TlsVersion = tls.SslProtocol.ToString();
            CipherSuite = tls.NegotiatedCipherSuite.ToString();
        }

        if (isSecure)
        {
            diagnostics.Metrics.ConnectPhase(address, Kind, "tls", diagnostics.Time.GetElapsedTime(_connectedAt, _openedAt), errorType: null);
        }

        if (isGrpc)
        {
            diagnostics.Metrics.Opened(address, isSecure);
        }
        else
        {
            diagnostics.Addresses.Reached(address);
        }

        diagnostics.Logger.ConnectionOpened(Id, address, remoteEndPoint);
    }

    /// <summary>Something was seen that ends the connection; the first that was seen is the reason.</summary>
    public void Ends(string reason) => Interlocked.CompareExchange(ref _reason, reason, null);

    /// <summary>The connection is closed.</summary>
    public void Closed()
    {
        var before = Interlocked.Exchange(ref _state, Over);
        if (before == Over)
        {
            return;
        }

        var reason = Volatile.Read(ref _reason) ?? DisconnectReason.Shutdown;
        if (before == Connecting)
        {
            if (isSecure)
            {
                diagnostics.Metrics.ConnectPhase(address, Kind, "tls", diagnostics.Time.GetElapsedTime(_connectedAt), reason);
            }

            if (isGrpc)
            {
                diagnostics.Metrics.ConnectFailed(address);
            }
            else if (isSecure && reason != DisconnectReason.Shutdown)
            {
                // gRPC's are told of by the spacing of its dials, which knows more of why.
                diagnostics.Addresses.Failed(address, new IOException($"The connection was closed during the TLS handshake: {reason}"), TimeSpan.Zero);
            }

            return;
        }

        if (isGrpc)
        {
            diagnostics.Metrics.Closed(address, isSecure, reason);
        }

        diagnostics.Logger.ConnectionClosed(Id, address, diagnostics.Time.GetElapsedTime(_openedAt).TotalSeconds, reason);
    }
}
