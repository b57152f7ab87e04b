using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Budget.Leases;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Wire;
using PooledClients.Connections.Wire.Frames;
using PooledClients.Platform;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>
/// One HTTP/2 connection, and the runtime's handler that speaks over it and lives and dies with it: the handler is given the connection
/// ready, and refused any other.
/// </summary>
/// <remarks>
/// The dial is no request's, for the runtime drops one with the request that began it. It ends with TLS; HTTP/2 begins with the first
/// call, the only one until the server's SETTINGS have come.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The handler is disposed when the connection is retired and its last call is over; the source has no timer and no wait handle.")]
internal sealed class Http2Connection : ICallSender, IConnectionOwner, IConnectionWatcher
{
    private readonly IConnectionPool _pool;
    private readonly Dial _dial;
    private readonly SocketsHttpHandler _handler;
    private readonly BareSender _sender;
    private readonly ConnectionFrames _frames;

    // What the handler's only dial is given.
    private Stream? _ready;
    private PooledStream? _stream;
    private ConnectionLease? _lease;
    private bool _isSecure;

    // No call enters once it is set, both under the pool's lock; whose call leaves as the last one after that, or who retires it with none inside,
    // disposes the handler.
    private volatile bool _isRetired;
    private int _handlerDisposed;

    private readonly CancellationTokenSource _retired = new();

    // Without an end where the server never says anything.
    private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Set when the server's side is over; who sees it and the disposed handler closes the socket.
    private volatile bool _isOver;

    public Http2Connection(IConnectionPool pool, Dial dial, SocketsHttpHandler handler)
    {
        _pool = pool;
        _dial = dial;
        GenerationNumber = pool.Owner.GenerationNumber;
        _handler = handler;
        _frames = new ConnectionFrames(this);
        PingDelay = handler.KeepAlivePingDelay is var delay && delay != Timeout.InfiniteTimeSpan ? delay : null;
        Lifetime = handler.PooledConnectionLifetime;
        Http2Handler.Configure(handler, Address, () => Interlocked.Exchange(ref _ready, null), Observe);
        _sender = new BareSender(handler);
    }

    /// <summary>Gets the pool that it is in.</summary>
    public IConnectionPool Pool => _pool;

    public string Address => _pool.Address;

    /// <summary>Gets how long it takes new calls.</summary>
    public TimeSpan Lifetime { get; }

    /// <summary>Gets the time without traffic after which it sends a ping; none when it sends none.</summary>
    public TimeSpan? PingDelay { get; }

    public PooledConnection? Wire => _stream?.Connection;

    /// <summary>Gets the number of what it was made with.</summary>
    public int GenerationNumber { get; }

    /// <summary>Gets the streams that are open.</summary>
    public int Streams => _frames.Streams.Open;

    public long StreamsStarted => _frames.StreamsStarted;

    /// <summary>Gets how many streams the server takes at a time; none until its first SETTINGS have come.</summary>
    public int? Limit => _frames.Limit;

    /// <summary>Gets whether its server takes no stream, and never did.</summary>
    public bool IsClosedToAll => _frames.HighestLimit == 0;

    /// <summary>Gets what ends when the server's first SETTINGS have come.</summary>
    public Task Heard => _heard.Task;

    /// <summary>Gets what it speaks instead of HTTP/2, where its first bytes were something else: the runtime may know no more than that it is over.</summary>
    public Exception? Foreign => _frames.Foreign;

    /// <summary>Gets how many calls it carries at most at the moment: one until the server has told its limit.</summary>
    public int Capacity => _frames.Limit ?? 1;

    /// <inheritdoc cref="CallLedger.Occupied"/>
    public int Occupied => _frames.Calls.Occupied;

    /// <inheritdoc cref="CallLedger.Taken"/>
    public int Taken => _frames.Calls.Taken;

    /// <summary>Gets or sets whether one of its streams follows its server's health, and is nobody's call.</summary>
    public bool IsWatched { get; set; }

    /// <summary>Gets how many of them are somebody's calls: without any it is unused.</summary>
    public int Calls => Math.Max(0, Occupied - (IsWatched ? 1 : 0));

    /// <inheritdoc cref="CallLedger.AtHand"/>
    public int AtHand => _frames.Calls.AtHand;

    /// <summary>Gets the calls that it was ever given; guarded by the pool's lock, as are the next three.</summary>
    public long Entered { get; private set; }

    /// <summary>Gets or sets whether its lifetime is over: it is used until another one is up.</summary>
    public bool IsExpired { get; set; }

    /// <summary>Gets or sets since when nothing has been on it, and after how many calls; the pool's own note.</summary>
    public (long Since, long Entered) Idle { get; set; }

    /// <summary>Gets or sets whether it is retired for no other reason than that fewer carry the calls.</summary>
    public bool IsSurplus { get; set; }

    /// <summary>Gets or sets since when it is picked no more.</summary>
    public long RetiredAt { get; set; }

    public bool IsRetired => _isRetired;

    /// <summary>Gets what is cancelled, under no lock, once it is picked no more.</summary>
    public CancellationToken Retired => _retired.Token;

    /// <summary>Gets whether its server has answered anything on it.</summary>
    public bool WasAnswered { get; private set; }

    /// <summary>Connects, and does the TLS handshake.</summary>
    public async Task OpenAsync(Connector connector, EndpointAddress target, ConnectionLease lease, CancellationToken wanted)
    {
        (_lease, _isSecure) = (lease, target.IsSecure);
        var stream = _stream = await connector.OpenAsync(target.Target, target.IsSecure, this, lease, isTunnel: false, wanted, _dial.Discarded).ConfigureAwait(false);
        stream.Connection.PingTimeout = PingDelay is null ? null : _handler.KeepAlivePingTimeout;
        using var discard = _dial.Discarded.UnsafeRegister(static stream => ((PooledStream)stream!).AbandonConnect(), stream);
        Stream ready = target.IsSecure ? new SslStream(stream) : stream;
        try
        {
            if (ready is SslStream tls)
            {
                await Http2Handshake.RunAsync(tls, stream.Connect!, _handler.SslOptions, target.Host, Address).ConfigureAwait(false);
            }

            _ready = ready;
            stream.Established(ready);
        }
        catch (Exception exception)
        {
            // Told before the stream is closed, which tells of the end.
            stream.Connection.Telemetry?.Fails(exception);
            await ready.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Gives it a call; under the pool's lock.</summary>
    public void Enter()
    {
        Entered++;
        _frames.Calls.Enter();
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Endpoints of one service may speak TLS or not: the handler would do the handshake that the address asks for.
        if ((request.RequestUri!.Scheme == Uri.UriSchemeHttps) != _isSecure)
        {
            request.RequestUri = new UriBuilder(request.RequestUri) { Scheme = _isSecure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp }.Uri;
        }

        return _sender.PassAsync(request, cancellationToken);
    }

    public void Exit()
    {
        if (_frames.Calls.Exit() && _isRetired)
        {
            DisposeHandler();
        }

        _pool.RoomMade(this);
    }

    /// <summary>Has the pool pick it no more, for a reason of this side's own.</summary>
    public void Retire(string reason) => _pool.Retire(this, reason, isOurs: true);

    /// <summary>Whether it was written to since <paramref name="since"/> and has received no byte since then.</summary>
    public bool IsSilentSince(long since) => Wire is { } wire && wire.IsSilentSince(since);

    /// <summary>Picked no more, under the pool's lock; <see cref="CloseWhenUnused"/> follows without it.</summary>
    public void Retire()
    {
        _isRetired = true;
        LeaveCap();
    }

    /// <summary>Counts no more towards the cap, so that another one may be made in its place; also while it is being made.</summary>
    public void LeaveCap() => _lease?.Drain();

    /// <summary>Closes it once its calls are over: the runtime lets what is under way come to its end.</summary>
    public void CloseWhenUnused()
    {
        _ = _retired.CancelAsync();
        Interlocked.MemoryBarrier();
        if (_frames.Calls.Inside == 0)
        {
            DisposeHandler();
        }
    }

    /// <summary>Closes it at once.</summary>
    public void Abort() => _stream?.Abort();

    bool IConnectionOwner.HearsRefusals => true;

    void IConnectionOwner.Established(PooledConnection connection) => connection.IsUp = true;

    void IConnectionOwner.Refused(PooledConnection connection, IdentityRefusedException exception) => _pool.IdentityRefused(this, exception);

    void IConnectionOwner.HandshakeLate()
    {
        LeaveCap();
        _pool.DialIsLate(_dial);
    }

    void IConnectionOwner.Closed(PooledConnection connection)
    {
        _frames.End();
        _pool.Closed(this);
    }

    void IConnectionWatcher.SettingsReceived()
    {
        _heard.TrySetResult();
        _pool.LimitLearned(this);
    }

    void IConnectionWatcher.GoAwayReceived(int lastStreamId, int errorCode)
    {
        Wire?.Telemetry?.GoAway(errorCode);
        _pool.Retire(this, $"its server says goodbye (GOAWAY, last stream {lastStreamId}, error {errorCode})");
    }

    void IConnectionWatcher.FirstAnswered()
    {
        WasAnswered = true;
        _pool.Answered();
    }

    void IConnectionWatcher.StreamsEnded() => _pool.RoomMade(this);

    void IConnectionWatcher.Ended()
    {
        _isOver = true;
        _pool.Retire(this, "its server has closed it");
        CloseIfOver();
    }

    public override string ToString()
    {
        var (open, answered, _) = _frames.Streams;
        return $"{_frames.Calls.Inside} calls inside, {open} streams open, {answered} of them answered, at most {Limit}{(_isRetired ? ", retired" : null)}";
    }

    private Stream Observe(Stream plaintext) => Http2Handler.Observe(plaintext, _stream!, _frames, () => _pool.Connections.InFlight, () => _pool.Connections.AtHand);

    private void DisposeHandler()
    {
        if (Interlocked.Exchange(ref _handlerDisposed, 1) == 0)
        {
            Interlocked.Exchange(ref _ready, null)?.Dispose();
            _sender.Dispose();
            CloseIfOver();
        }
    }

    // Nothing can come any more, and nobody waits: the socket does not wait for a response that a caller has not let go of.
    private void CloseIfOver()
    {
        Interlocked.MemoryBarrier();
        if (_isOver && Volatile.Read(ref _handlerDisposed) != 0)
        {
            _stream?.Dispose();
        }
    }
}
