using System.Net.Security;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Telemetry;

/// <summary>One connection as it is told of: its number, its phases, and what was first seen of its end.</summary>
/// <param name="teller">Where it is told.</param>
/// <param name="address">The address that it was opened for.</param>
/// <param name="isSecure">Whether it has TLS.</param>
/// <param name="isTunnel">Whether what it carries has TLS of its own, which is as good to its calls and not seen here.</param>
internal sealed class ConnectionTelemetry(ConnectionTeller teller, string address, bool isSecure, bool isTunnel)
{
    private const int Connecting = 0;
    private const int Open = 1;
    private const int Over = 2;

    private readonly ConnectionDiagnostics _diagnostics = teller.Diagnostics;
    private readonly long _connectedAt = teller.Diagnostics.Time.GetTimestamp();
    private long _openedAt;
    private int _state;

    // Written before the state is Open, so that its end, whenever that comes, knows whether the connection counts as open.
    private bool _isCounted;
    private string? _reason;
    private Exception? _failure;

    public long Id { get; } = DiagnosticIds.Next();

    public string? TlsVersion { get; private set; }

    public string? CipherSuite { get; private set; }

    /// <summary>The error code of the GOAWAY that its server has sent.</summary>
    public string? GoAwayCode { get; private set; }

    /// <summary>The connection can carry calls: TLS has ended, or there is none.</summary>
    /// <param name="plaintext">What the handler reads and writes.</param>
    /// <param name="remoteEndPoint">The other side.</param>
    public void Established(Stream? plaintext, string? remoteEndPoint)
    {
        _isCounted = _diagnostics.Metrics.CountsOpen;
        if (Interlocked.CompareExchange(ref _state, Open, Connecting) != Connecting)
        {
            return;
        }

        _openedAt = _diagnostics.Time.GetTimestamp();
        if (plaintext is SslStream tls)
        {
            TlsVersion = tls.SslProtocol.ToString();
            CipherSuite = tls.NegotiatedCipherSuite.ToString();
        }

        if (isSecure)
        {
            teller.ConnectPhase(address, "tls", _connectedAt, failure: null);
        }

        if (teller.IsGrpc)
        {
            _diagnostics.Metrics.Opened(teller.Target, isSecure || isTunnel, _isCounted);
        }
        else
        {
            _diagnostics.Addresses.Reached(address);
        }

        _diagnostics.Logger.ConnectionOpened(Id, address, remoteEndPoint);
    }

    /// <summary>Something was seen that ends the connection; the first that was seen is the reason.</summary>
    public void Ends(string reason) => Interlocked.CompareExchange(ref _reason, reason, null);

    /// <summary>Its server takes no new call.</summary>
    /// <param name="code">The error code of its GOAWAY.</param>
    public void GoAway(int code)
    {
        GoAwayCode = DisconnectReason.CodeOf(code);
        Ends(DisconnectReason.GoAway(GoAwayCode));
    }

    /// <summary>Its TLS handshake has failed, which closes it.</summary>
    public void Fails(Exception exception)
    {
        _failure = exception;
        Ends(DisconnectReason.Of(exception));
    }

    /// <summary>Its connect is given up by this side: nothing has failed, and it was never open.</summary>
    public void Abandon() => Interlocked.CompareExchange(ref _state, Over, Connecting);

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
                teller.ConnectPhase(address, "tls", _connectedAt, _failure ?? new IOException(reason));
            }

            if (teller.IsGrpc)
            {
                _diagnostics.Metrics.ConnectFailed(teller.Target);
            }
            else if (isSecure && reason != DisconnectReason.Shutdown)
            {
                // gRPC's are told of by the spacing of its dials, which knows more of why.
                _diagnostics.Addresses.Failed(address, _failure ?? new IOException($"The connection was closed during the TLS handshake: {reason}"), TimeSpan.Zero);
            }

            return;
        }

        if (teller.IsGrpc)
        {
            _diagnostics.Metrics.Closed(teller.Target, isSecure || isTunnel, _isCounted, reason);
        }

        _diagnostics.Logger.ConnectionClosed(Id, address, _diagnostics.Time.GetElapsedTime(_openedAt).TotalSeconds, reason);
    }
}
