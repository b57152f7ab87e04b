using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Platform;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// Follows one TLS connection from its first byte: whether it resumed a session, how the handshake ended (told once), whose
/// certificates are in use on it, and whether the server may have refused ours.
/// </summary>
/// <remarks>
/// The connection's stream implements <see cref="IHandshakeStream"/> and calls <see cref="OnReceived"/> and <see cref="OnEnded"/> until it
/// has called <see cref="Completed"/>, once the handler has the plain text, and <see cref="Closed"/> in the end. Whoever sees the plain
/// text of a connection that shows our certificate calls <see cref="OnAnswered"/> at its first byte, or else <see cref="OnEnded"/>: that
/// the server has answered is known from what it said, and never guessed from the records that it came in.
/// </remarks>
internal sealed class HandshakeRecorder
{
    // Alerts by which a server turns down a client's certificate (RFC 8446, 6.2).
    private const byte HandshakeFailure = 40;
    private const byte AccessDenied = 49;
    private const byte CertificateRequired = 116;
    private const byte NoApplicationProtocol = 120;

    // The types that a server's first record can have: change of cipher, alert, handshake (RFC 8446, 5.1).
    private const byte FirstRecordType = 20;
    private const byte LastRecordType = 22;

    private readonly string _target;
    private readonly string? _grpcTarget;
    private readonly TlsMetrics _metrics;
    private readonly CertificateInventory _inventory;
    private readonly UnansweredEnds _unanswered;
    private readonly List<IDisposable> _inUse = [];
    private ServerHelloSniffer _hello;
    private AlertReader _alerts;
    private ClientIdentity? _identity;
    private bool _hasBegun;
    private int _told;
    private int _isEndCounted;
    private volatile bool _completed;
    private volatile bool _ended;
    private volatile bool _answered;
    private volatile bool _asked;
    private volatile Exception? _failure;

    public HandshakeRecorder(string target, string? grpcTarget, TlsMetrics metrics, CertificateInventory inventory, UnansweredEnds unanswered)
    {
        _unanswered = unanswered;
        _target = target;
        _grpcTarget = grpcTarget;
        _metrics = metrics;
        _inventory = inventory;
    }

    /// <summary>Whether the server was shown our certificate: it asked for it, or resumed a session to which it belongs.</summary>
    public bool ShowsIdentity { get; private set; }

    /// <summary>
    /// The certificate that the server may have refused, in words for the error; null if there is no such suspicion. TLS 1.2 says so by an
    /// alert. All that TLS 1.3 shows is that connections end after the handshake, one after the other, before the server has said a word.
    /// </summary>
    public string? DescribeRefusal()
    {
        var isSuspected = _completed
            ? ShowsIdentity && _ended && !_answered && _unanswered.MakeARow(_target)
            : _identity is not null && _alerts.Alert is >= HandshakeFailure and <= AccessDenied or CertificateRequired;
        return isSuspected ? _identity?.DescribeRefusal() : null;
    }

    /// <summary>Why the handshake has failed, by what was seen here: the stream itself is closed without a word.</summary>
    public Exception? Failure => _failure ?? (!_completed && _alerts.Alert is { } alert
        ? new AuthenticationException($"{_target} ended the TLS handshake by an alert ({HandshakeResult.OfAlert(alert)}).{(DescribeRefusal() is { } refusal ? $" Perhaps {refusal}." : "")}")
        : null);

    /// <summary>Whether it resumed a session, as far as is known.</summary>
    public bool? IsResumed => _hello.Resumed;

    /// <summary>The recorder of the connection under an <see cref="SslStream"/>, if its stream has one.</summary>
    public static HandshakeRecorder? Find(object sslStream) =>
        sslStream is SslStream stream && RuntimeContracts.InnerStreamOf(stream) is IHandshakeStream { Handshake: { } handshake } ? handshake : null;

    /// <summary>The stream under an <see cref="SslStream"/>; none for any other stream.</summary>
    public static Stream? InnerOf(Stream stream) => stream is SslStream ssl ? RuntimeContracts.InnerStreamOf(ssl) : null;

    /// <summary>Takes what came from the server during the handshake, in order.</summary>
    /// <exception cref="WrongProtocolException">It is no TLS, or says that the server has none of the protocols that were offered.</exception>
    public void OnReceived(ReadOnlySpan<byte> bytes)
    {
        if (!_hasBegun && bytes.Length > 0)
        {
            _hasBegun = true;
            if (bytes[0] is < FirstRecordType or > LastRecordType)
            {
                throw NoteFailure(new WrongProtocolException($"{_target} answers, but speaks no TLS: if it is meant to be in clear text, its address begins with http://, not https://."));
            }
        }

        _hello.Add(bytes);
        _alerts.Add(bytes);
        if (_alerts.Alert == NoApplicationProtocol)
        {
            throw NoteFailure(new WrongProtocolException($"{_target} does not offer HTTP/2 (ALPN): gRPC needs its TLS endpoint to offer \"h2\"."));
        }
    }

    /// <summary>Notes that the server was asked something: the end of a connection that it was not asked on is no answer, but a spare one's.</summary>
    public void OnAsked()
    {
        if (_asked)
        {
            return;
        }

        // A busy process writes what it has to ask after the end has come: of the two, one sees the other.
        _asked = true;
        Interlocked.MemoryBarrier();
        CountEnd();
    }

    /// <summary>Notes that the server ended the connection, in order or not.</summary>
    public void OnEnded()
    {
        _ended = true;
        Interlocked.MemoryBarrier();
        CountEnd();
    }

    /// <summary>Notes that the server has answered something: it takes our certificate.</summary>
    public void OnAnswered()
    {
        _answered = true;
        _unanswered.Forget(_target);
    }

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

    /// <param name="isMutual">Whether the server asked for our certificate and was shown it.</param>
    public void Completed(bool isMutual)
    {
        ShowsIdentity = _identity is not null && (isMutual || _hello.Resumed is true);
        _completed = true;
        Tell(HandshakeResult.Success);
    }

    public void Failed(Exception exception)
    {
        _failure = exception;
        Tell(HandshakeResult.Of(exception));
    }

    /// <summary>Notes that our side gives the handshake up, as no result of it.</summary>
    public void Abandon() => Interlocked.Exchange(ref _told, 1);

    /// <summary>Notes that our side let go of the connection. A handshake that was not completed until then has failed.</summary>
    public void Closed()
    {
        Tell(_alerts.Alert is { } alert ? HandshakeResult.OfAlert(alert) : _ended ? HandshakeResult.ConnectionClosed : HandshakeResult.Unknown);
        lock (_inUse)
        {
            _inUse.ForEach(static lease => lease.Dispose());
            _inUse.Clear();
        }
    }

    private void CountEnd()
    {
        if (ShowsIdentity && _asked && _ended && !_answered && Interlocked.Exchange(ref _isEndCounted, 1) == 0)
        {
            _unanswered.Add(_target);
        }
    }

    private WrongProtocolException NoteFailure(WrongProtocolException failure)
    {
        _failure = failure;
        return failure;
    }

    private void Tell(string result)
    {
        if (Interlocked.Exchange(ref _told, 1) == 0 && _grpcTarget is not null)
        {
            _metrics.RecordHandshake(_grpcTarget, result, _hello.Resumed);
        }
    }
}
