using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tls;

/// <summary>
/// The trust and the identity of every client with the same <see cref="TlsOptions"/>: one instance for one content of the options,
/// so that a reference to it is that part of a transport's key. What it hands out follows its files.
/// </summary>
internal sealed class TlsContext
{
    private readonly TrustFile? _trustFile;
    private readonly TrustBundle? _fixedTrust;
    private readonly IdentityFiles? _identityFiles;
    private readonly X509RevocationMode _revocationMode;
    private readonly TlsMetrics _metrics;
    private readonly CertificateInventory _inventory;
    private readonly Lock _lock = new();
    private readonly List<Subscription> _subscriptions = [];
    private readonly UnansweredEnds _unanswered = new();

    public TlsContext(
        TrustFile? trustFile,
        TrustBundle? fixedTrust,
        IdentityFiles? identityFiles,
        X509RevocationMode revocationMode,
        TlsMetrics metrics,
        CertificateInventory inventory)
    {
        _metrics = metrics;
        _inventory = inventory;
        _trustFile = trustFile;
        _fixedTrust = fixedTrust;
        _identityFiles = identityFiles;
        _revocationMode = revocationMode;
    }

    /// <summary>The authorities in use; null means the system's.</summary>
    public TrustBundle? Trust => _trustFile?.Current ?? _fixedTrust;

    /// <summary>The identity in use; null means none.</summary>
    public ClientIdentity? Identity => _identityFiles?.Current;

    /// <summary>Trust and identity as they are now, in one look.</summary>
    public TlsMaterial Capture() => new(Trust, Identity, _revocationMode);

    /// <summary>What a handshake needs, of the material in use now.</summary>
    public SslClientAuthenticationOptions CreateAuthenticationOptions() => Capture().CreateAuthenticationOptions();

    /// <summary>A recorder for one new connection to this address; the connection's stream owns it.</summary>
    /// <param name="target">The address.</param>
    /// <param name="grpcTarget">What gRPC's calls name it in metrics; none for a connection that is not gRPC's, whose handshake is not counted.</param>
    public HandshakeRecorder BeginHandshake(string target, string? grpcTarget = null) => new(target, grpcTarget, _metrics, _inventory, _unanswered);

    /// <summary>The certificate that the server at this address may have refused, in words for the error; null if there is no such suspicion.</summary>
    public string? DescribeRefusal(string target) => _unanswered.MakeARow(target) ? Identity?.DescribeRefusal() : null;

    /// <summary>Why a callback has failed that is still to be told of the last change; null when all were told.</summary>
    public string? HandOverFailure
    {
        get
        {
            lock (_lock)
            {
                return _subscriptions.Select(static subscription => subscription.Failure?.Message).FirstOrDefault(static failure => failure is not null);
            }
        }
    }

    /// <summary>Calls back after each good change, on the thread that looked: the callback has to be quick. One that fails is called again.</summary>
    public IDisposable OnChange(Action callback)
    {
        var subscription = new Subscription(this, callback);
        lock (_lock)
        {
            _subscriptions.Add(subscription);
        }

        return subscription;
    }

    /// <summary>Whether a handshake may wait for the network, for it asks there whether a certificate was revoked.</summary>
    public bool AsksForRevocation => _revocationMode == X509RevocationMode.Online;

    public bool Uses(WatchedFiles files) => files == _trustFile || files == _identityFiles;

    /// <summary>Tells everyone of a change; one callback's failure is handed to <paramref name="onError"/> and stops no other.</summary>
    public void RaiseChanged(Action<Exception> onError)
    {
        _unanswered.ForgetAll();
        Tell(Subscriptions(), onError);
    }

    /// <summary>Tells those again that failed.</summary>
    public void RetryFailed() => Tell([.. Subscriptions().Where(static subscription => subscription.Failure is not null)], static _ => { });

    private Subscription[] Subscriptions()
    {
        lock (_lock)
        {
            return [.. _subscriptions];
        }
    }

    private static void Tell(Subscription[] subscriptions, Action<Exception> onError)
    {
        foreach (var subscription in subscriptions)
        {
            try
            {
                subscription.Callback();
                subscription.Failure = null;
            }
            catch (Exception e)
            {
                subscription.Failure = e;
                TrySay(() => onError(e));
            }
        }
    }

    /// <summary>Says something to a logger, whose own failure loses nobody the notice.</summary>
    public static void TrySay(Action say)
    {
        try
        {
            say();
        }
        catch (Exception)
        {
            // There is nobody left to tell.
        }
    }

    private sealed class Subscription(TlsContext context, Action callback) : IDisposable
    {
        private volatile Exception? _failure;

        public Action Callback => callback;

        /// <summary>Why the last call back failed; null when it did not.</summary>
        public Exception? Failure
        {
            get => _failure;
            set => _failure = value;
        }

        public void Dispose()
        {
            lock (context._lock)
            {
                context._subscriptions.Remove(this);
            }
        }
    }
}
