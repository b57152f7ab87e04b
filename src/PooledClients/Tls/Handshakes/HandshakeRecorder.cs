using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Platform;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// Follows one TLS connection from its first byte: whether it resumed a session, how the handshake ended (told once), whose
/// certificates are in use on it, and whether the server may have refused ours.
/// </summary>
/// <remarks>
/// The connection's stream implements <see cref="IHandshakeStream"/> and calls <see cref="OnReceived"/>, <see cref="OnEnded"/> and
/// <see cref="Closed"/>; <see cref="Completed"/> once the handler has the plain text.
/// </remarks>
internal sealed class HandshakeRecorder
{
    // Alerts by which a server turns down a client's certificate (RFC 8446, 6.2).
    private const byte HandshakeFailure = 40;
    private const byte AccessDenied = 49;
    private const byte CertificateRequired = 116;

    private readonly string _target;
    private readonly TlsMetrics _metrics;
    private readonly CertificateInventory _inventory;
    private readonly List<IDisposable> _inUse = [];
    private ServerHelloSniffer _hello;
    private TlsRecordCounter _records;
    private ClientIdentity? _identity;
    private int _told;
    private volatile bool _completed;
    private volatile bool _ended;

    public HandshakeRecorder(string target, TlsMetrics metrics, CertificateInventory inventory)
    {
        _target = target;
        _metrics = metrics;
        _inventory = inventory;
    }

    /// <summary>
    /// Whether the server may have refused our certificate. TLS 1.2 says so by an alert. All that TLS 1.3 shows is that the connection
    /// ended right after the handshake, with nothing received but session tickets.
    /// </summary>
    public bool MayHaveBeenRefused => _identity is not null
        && (_completed ? (_ended || _records.HasEnd) && !_records.HasAnswer : _records.Alert is >= HandshakeFailure and <= AccessDenied or CertificateRequired);

    /// <summary>Whether the server has answered on an established connection: there is nothing more to learn.</summary>
    public bool IsOver => _completed && _records.HasAnswer;

    /// <summary>The certificate that the server may have refused, in words for the error; null if there is no such suspicion.</summary>
    public string? DescribeRefusal() => MayHaveBeenRefused
        ? $"the server may have refused client certificate {_identity!.Thumbprint} ('{CertificateText.Subject(_identity.Certificate)}', "
            + $"valid until {_identity.Certificate.NotAfter.ToUniversalTime():u})"
        : null;

    /// <summary>The recorder of the connection under an <see cref="SslStream"/>, if its stream has one.</summary>
    public static HandshakeRecorder? Find(object sslStream) =>
        sslStream is SslStream stream && RuntimeContracts.InnerStreamOf(stream) is IHandshakeStream { Handshake: { } handshake } ? handshake : null;

    /// <summary>The stream under an <see cref="SslStream"/>; none for any other stream.</summary>
    public static Stream? InnerOf(Stream stream) => stream is SslStream ssl ? RuntimeContracts.InnerStreamOf(ssl) : null;

    /// <summary>Takes what came from the server, in order. It costs next to nothing once the server has answered.</summary>
    public void OnReceived(ReadOnlySpan<byte> bytes)
    {
        if (!_completed)
        {
            _hello.Add(bytes);
        }

        if (!_records.HasAnswer)
        {
            _records.Add(bytes, _completed);
        }
    }

    /// <summary>Notes that the server ended the connection, in order or not.</summary>
    public void OnEnded() => _ended = true;

    /// <summary>Notes that the server's certificate was accepted, and keeps its chain in the list of certificates in use.</summary>
    public void Verified(X509Chain? chain, string trustSource, ClientIdentity? identity)
    {
        _identity = identity;
        if (chain is null)
        {
            return;
        }

        lock (_inUse)
        {
            for (var i = 0; i < chain.ChainElements.Count; i++)
            {
                var certificate = chain.ChainElements[i].Certificate;
                _inUse.Add(i == 0
                    ? _inventory.Track(CertificateUse.Server, _target, certificate)
                    : _inventory.Track(CertificateUse.Authority, trustSource, certificate));
            }
        }
    }

    public void Completed()
    {
        _completed = true;
        Tell(HandshakeResult.Success);
    }

    public void Failed(Exception exception) => Tell(HandshakeResult.Of(exception));

    /// <summary>Notes that our side let go of the connection. A handshake that was not completed until then has failed.</summary>
    public void Closed()
    {
        Tell(_records.Alert is { } alert ? HandshakeResult.OfAlert(alert) : _ended ? HandshakeResult.ConnectionClosed : HandshakeResult.Unknown);
        lock (_inUse)
        {
            _inUse.ForEach(static lease => lease.Dispose());
            _inUse.Clear();
        }
    }

    private void Tell(string result)
    {
        if (Interlocked.Exchange(ref _told, 1) == 0)
        {
            _metrics.RecordHandshake(_target, result, _hello.Resumed);
        }
    }
}
