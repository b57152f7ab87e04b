using System.Collections.Concurrent;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Wire;

namespace PooledClients.Connections;

/// <summary>
/// One handler of a transport, from the trust and options that it was made with to the last request that it was given. It is
/// disposed when it was replaced and no request is inside <c>SendAsync</c>: earlier would fail those that wait for a connection.
/// </summary>
internal sealed class Generation : IDisposable
{
    private const int Retired = int.MinValue;

    private readonly Transport _transport;
    private readonly TransportServices _services;
    private readonly Connector _connector;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpMessageInvoker _invoker;
    private readonly Destination? _only;
    private readonly ConcurrentDictionary<(string Scheme, string Host, int Port), Destination>? _destinations;

    // The number of requests inside SendAsync, and the sign bit once retired. It never takes a request after it was retired,
    // and whoever brings it to zero after that disposes the handler.
    private int _requests;
    private int _handlerDisposed;
    private ITimer? _disposeTimer;

    public Generation(
        int number, Transport transport, IReadOnlyList<Action<SocketsHttpHandler>> configure, TransportServices services)
    {
        Number = number;
        _transport = transport;
        _services = services;
        if (transport.Key.Address is { } address)
        {
            _only = CreateDestination(address.ToString());
        }
        else
        {
            _destinations = new();
        }

        _connector = new Connector(this, transport, services);
        _handler = HandlerFactory.Create(transport.Key, transport.PingDelay, _connector, configure);
        if (_only is not null)
        {
            _only.Lifetime = _handler.PooledConnectionLifetime;
        }

        _invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
    }

    public int Number { get; }

    /// <summary>The one destination of a transport that has an address.</summary>
    public Destination Destination => _only ?? throw new InvalidOperationException("This transport has no address of its own.");

    public IEnumerable<Destination> Destinations => _only is null ? _destinations!.Values : [_only];

    public int Connections => Destinations.Sum(static destination => destination.Connections);

    /// <summary>Calls in flight, open streams included.</summary>
    public int InFlight => Destinations.Sum(static destination => destination.InFlight);

    public bool IsIdle => Volatile.Read(ref _requests) == 0 && InFlight == 0;

    /// <summary>Whether nothing of it is left: no request, no handler, no connection.</summary>
    public bool IsGone => Volatile.Read(ref _handlerDisposed) != 0 && IsEmpty;

    /// <summary>Whether it has no connection, not even one that only finishes the calls it has.</summary>
    public bool IsEmpty => Destinations.All(static destination => destination.IsEmpty);

    public Destination GetDestination(HttpRequestMessage request)
    {
        if (_only is not null)
        {
            return _only;
        }

        var uri = request.RequestUri!;
        return _destinations!.GetOrAdd(
            (uri.Scheme, uri.IdnHost, uri.Port),
            static (key, generation) => generation.CreateDestination($"{key.Scheme}://{key.Host}:{key.Port}"),
            this);
    }

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

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _invoker.SendAsync(request, cancellationToken);

    /// <summary>Takes no new request from now on.</summary>
    public void Retire()
    {
        foreach (var destination in Destinations)
        {
            destination.Retire();
        }

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
            Volatile.Read(ref _disposeTimer)?.Dispose();
            _invoker.Dispose();
            _handler.Dispose();
        }
    }

    private Destination CreateDestination(string address)
    {
        var isMultiplexed = _transport.Key.IsMultiplexed;
        var cap = _transport.Key.Connection.ConnectionCap(isMultiplexed);
        return new Destination(address, isMultiplexed, _services.Gate.CreateAddress(address, cap, ConnectionTelemetry.KindOf(isMultiplexed)), _services.TimeProvider, _transport.OnIdle);
    }
}
