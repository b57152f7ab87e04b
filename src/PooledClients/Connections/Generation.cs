using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Wire;
using PooledClients.Connections.Wire.Frames;
using PooledClients.Platform;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Connections;

/// <summary>
/// One handler of a transport whose connections the runtime picks, within its own limits and our budget: over HTTP/1.1, through proxies,
/// for whatever has no HTTP/2 frames to follow. It lives from the trust and options that it was made with to the last request that it
/// was given, and is disposed when it was replaced and no request is inside <c>SendAsync</c>: earlier would fail those that wait for a
/// connection.
/// </summary>
internal sealed class Generation : IDisposable
{
    private const int Retired = int.MinValue;

    private readonly TransportKey _key;
    private readonly Connector _connector;
    private readonly Action _idle;
    private readonly TransportServices _services;
    private readonly SocketsHttpHandler _handler;
    private readonly BareSender _sender;
    private readonly Destinations _destinations;

    // The number of requests inside SendAsync, and the sign bit once retired. It never takes a request after it was retired,
    // and whoever brings it to zero after that disposes the handler.
    private int _requests;
    private int _handlerDisposed;
    private ITimer? _disposeTimer;

    public Generation(int number, TransportKey key, SocketsHttpHandler handler, Connector connector, Action idle, TransportServices services)
    {
        Number = number;
        _key = key;
        _connector = connector;
        _idle = idle;
        _services = services;
        _handler = handler;
        _destinations = new Destinations(key.Address is { } address ? CreateDestination(address.ToString()) : null, CreateListed);
        Redirected = new RedirectedRequests(_destinations);
        if (key.Address is null)
        {
            services.IdleSweep.Add(_destinations.ForgetUnused);
            if (handler.AllowAutoRedirect)
            {
                Redirected.Watch(handler);
            }
        }

        handler.EnableMultipleHttp2Connections = true;
        handler.ConnectCallback = ConnectAsync;
        var filter = handler.PlaintextStreamFilter;
        handler.PlaintextStreamFilter = filter is null
            ? (context, _) => new(Established(context, context.PlaintextStream))
            : async (context, cancellationToken) => Established(context, await filter(context, cancellationToken).ConfigureAwait(false));
        _sender = new BareSender(handler);
    }

    public int Number { get; }

    /// <summary>Gets how long a connection is kept that nobody uses, the user's own word included.</summary>
    public TimeSpan IdleTimeout => _handler.PooledConnectionIdleTimeout;

    public IEnumerable<Destination> Destinations => _destinations.All;

    /// <summary>Gets the requests of which nobody knows where they are.</summary>
    public RedirectedRequests Redirected { get; }

    public int Connections => Destinations.Sum(static destination => destination.Connections);

    /// <summary>Gets the calls in flight, open streams included.</summary>
    public int InFlight => Destinations.Sum(static destination => destination.InFlight);

    public bool IsIdle => Volatile.Read(ref _requests) == 0 && InFlight == 0;

    /// <summary>Gets whether nothing of it is left: no request, no handler, no connection.</summary>
    public bool IsGone => Volatile.Read(ref _handlerDisposed) != 0 && IsEmpty;

    /// <summary>Gets whether it has no connection, not even one that only finishes the calls it has.</summary>
    public bool IsEmpty => Connections == 0;

    /// <summary>Counts a call where it goes, until the destination's <see cref="Destination.EndCall"/>.</summary>
    public Destination BeginCall(HttpRequestMessage request) => _destinations.BeginCall(request);

    /// <summary>Where a request goes as it is now.</summary>
    public Destination GetDestination(HttpRequestMessage request) => _destinations.Get(request);

    /// <summary>Whether requests to this address go through a proxy.</summary>
    public bool IsProxied(Uri address) =>
        _handler.UseProxy && (_handler.Proxy ?? HttpClient.DefaultProxy) is { } proxy && !proxy.IsBypassed(address) && proxy.GetProxy(address) is not null;

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _requests) > 0)
        {
            return true;
        }

        Exit();
        return false;
    }

    public void Exit()
    {
        if (Interlocked.Decrement(ref _requests) == Retired)
        {
            DisposeHandler();
        }
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _sender.PassAsync(request, cancellationToken);

    public HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => _sender.Pass(request, cancellationToken);

    /// <summary>Takes no new request from now on.</summary>
    public void Retire()
    {
        if (Interlocked.Or(ref _requests, Retired) == 0)
        {
            DisposeHandler();
        }
    }

    /// <summary>Disposes the handler of a retired generation at a bounded age, whatever still waits in it.</summary>
    public void DisposeHandlerAfter(TimeSpan age)
    {
        if (Volatile.Read(ref _handlerDisposed) == 0)
        {
            var timer = _services.TimeProvider.CreateUncapturedTimer(static generation => ((Generation)generation!).DisposeHandler(), this, age);
            Volatile.Write(ref _disposeTimer, timer);
            if (Volatile.Read(ref _handlerDisposed) != 0)
            {
                timer.Dispose();
            }
        }
    }

    /// <summary>Closes everything at once, calls in flight included.</summary>
    public void Dispose()
    {
        DisposeHandler();
        foreach (var destination in Destinations)
        {
            destination.CloseAll();
        }
    }

    private void DisposeHandler()
    {
        if (Interlocked.Exchange(ref _handlerDisposed, 1) == 0)
        {
            _services.IdleSweep.Remove(_destinations.ForgetUnused);
            Volatile.Read(ref _disposeTimer)?.Dispose();
            _sender.Dispose();
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var target = _key.Address is { IsUnix: true } unix ? new UnixDomainSocketEndPoint(unix.Host) : _key.Target?.For(context.DnsEndPoint) ?? context.DnsEndPoint;
        var destination = _destinations.BeginDial(context.InitialRequestMessage);
        destination.Leads(context.DnsEndPoint, context.InitialRequestMessage);
        Redirected.SeenAt(destination, context.InitialRequestMessage);
        try
        {
            var lease = await destination.Gate.Waits.AcquireAsync(destination.Gate.AcquireAsync, context.InitialRequestMessage, cancellationToken).ConfigureAwait(false);
            try
            {
                // What a tunnel carries has its TLS within it, out of sight: a handshake follows here with a proxy that speaks TLS itself.
                var tunnel = context.InitialRequestMessage is { Headers.Protocol: null } first && first.Method == HttpMethod.Connect ? first.RequestUri : null;
                var isSecure = tunnel is null ? destination.IsSecure : tunnel.Scheme == Uri.UriSchemeHttps;
                var stream = await _connector.OpenAsync(target, isSecure, destination, lease, isTunnel: tunnel is not null && destination.IsSecure, cancellationToken).ConfigureAwait(false);
                destination.Add(stream.Connection);
                return stream;
            }
            catch
            {
                lease.Dispose();
                throw;
            }
        }
        finally
        {
            destination.EndDial();
        }
    }

    private Destination CreateListed(string address)
    {
        _services.IdleSweep.Wake();
        return CreateDestination(address);
    }

    // A tunnel through a proxy has another connection under it, whose connect has ended before.
    private static Stream Established(SocketsHttpPlaintextStreamFilterContext context, Stream plaintext)
    {
        var established = context.PlaintextStream;
        var stream = (established as PooledStream) ?? (HandshakeRecorder.InnerOf(established) as PooledStream);
        if (stream is null)
        {
            return plaintext;
        }

        stream.Established(established);
        plaintext = stream.Handshake is { ShowsIdentity: true } ? new AnswerStream(plaintext, stream) : plaintext;
        return context.NegotiatedHttpVersion.Major == 2 && stream.Connection is { Owner: Destination destination } connection
            ? new PacedStream(plaintext, new ReadPace(() => destination.InFlight, connection, new EndedStreams(destination.Heard)))
            : plaintext;
    }

    private Destination CreateDestination(string address)
    {
        // What speaks HTTP/2 comes here through a proxy alone, where a handler may have made HTTP/1.1 of it: then each carries one request.
        var cap = _key.Connection.ConnectionCap(isMultiplexed: false);
        var name = _key.Target is { } at && address.EndsWith($"//{at.Host}:{at.Port}", StringComparison.OrdinalIgnoreCase) ? $"{address} ({at.EndPoint})" : address;
        return new Destination(name, _services.Gate.CreateAddress(name, cap, _key.Kind), _idle);
    }
}
