using PooledClients.Connections;
using PooledClients.Diagnostics;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Exchanges.Timing;
using PooledClients.Http.Leaks;
using PooledClients.Http.Retries;
using PooledClients.Http.Routes;

namespace PooledClients.Http;

/// <summary>What all exchanges of one named HTTP client share, whichever of its handlers they pass through.</summary>
internal sealed class HttpClientState : IExchangeOwner
{
    private readonly HttpMetrics _metrics;
    private readonly Lock _lock = new();

    // Guarded by _lock.
    private HttpResilience? _resilience;
    private int _isAnnounced;

    // Ticks; 0 for none.
    private long _clientTimeout;

    // That of the first scope, where each has a pipeline of its own over a handler of the application's.
    private HttpMessageHandler? _primaryOfScopes;

    public HttpClientState(string name, PooledHttpClientOptions options, ResponseRegistry registry, HttpMetrics metrics, TimeProvider time, IdleSweep? sweep = null)
    {
        Name = name;
        DisplayName = name.Length == 0 ? "Default" : name;
        Options = options;
        Registry = registry;
        Time = time;
        _metrics = metrics;
        StreamLimits = StreamLimits.From(options);
        Routes = new HttpRouteTable(sweep);
    }

    public string Name { get; }

    public string DisplayName { get; }

    public PooledHttpClientOptions Options { get; }

    public TimeSpan? ClientTimeout => Volatile.Read(ref _clientTimeout) is var ticks && ticks > 0 ? TimeSpan.FromTicks(ticks) : null;

    /// <summary>What its exchanges keep to whose bodies are read as streams.</summary>
    public StreamLimits StreamLimits { get; }

    public ResponseRegistry Registry { get; }

    public DeadlineSchedule Deadlines => Registry.Deadlines;

    public TimeProvider Time { get; }

    public HttpRouteTable Routes { get; }

    /// <summary>Whether a resilience handler of the application has lifted <c>HttpClient.Timeout</c>, as Microsoft.Extensions.Http.Resilience does; known once its pipeline was built.</summary>
    public bool HasTimeoutLifted { get; set; }

    /// <summary>How many responses of this client are open.</summary>
    public int Open => Registry.OpenOf(this);

    /// <summary>What tries again for all of its pipelines, made once.</summary>
    public HttpResilience GetOrMakeResilience(Func<HttpResilience> make)
    {
        lock (_lock)
        {
            return _resilience ??= make();
        }
    }

    /// <summary>
    /// Whether a primary handler of the application's may be that of one scope among many: one that has connections is to be the same for all of them.
    /// </summary>
    public bool MayBeOfScope(HttpMessageHandler primary)
    {
        while (primary is DelegatingHandler { InnerHandler: { } inner })
        {
            primary = inner;
        }

        return primary is not (SocketsHttpHandler or HttpClientHandler) || (Interlocked.CompareExchange(ref _primaryOfScopes, primary, null) ?? primary) == primary;
    }

    /// <summary>A client was made, with all that the application configured.</summary>
    public void Made(HttpClient client)
    {
        // Mostly what it is already: a client is made for each request in many an application.
        var timeout = Math.Max(0, client.Timeout.Ticks);
        if (Volatile.Read(ref _clientTimeout) != timeout)
        {
            Volatile.Write(ref _clientTimeout, timeout);
        }
    }

    /// <summary>Whether its pipeline is built for the first time, and what is special about it is worth a log line.</summary>
    public bool TryAnnounce() => Interlocked.Exchange(ref _isAnnounced, 1) == 0;

    public void Opened(HttpExchange exchange)
    {
        Registry.Opened();
        exchange.Route.Authority.Opened();
    }

    public void Closed(HttpExchange exchange)
    {
        Registry.Closed();
        exchange.Route.Authority.Closed();
    }

    public void Returned(HttpExchange exchange) => Registry.OnReturned(exchange);

    public void Aborted(HttpExchange exchange, ExchangeEnd end)
    {
        switch (end)
        {
            case ExchangeEnd.DeadlinePassed or ExchangeEnd.ReadTimedOut:
                _metrics.HttpTimedOut(DisplayName, ExchangePhases.Tag(exchange.EndedIn), end == ExchangeEnd.DeadlinePassed ? "deadline" : "idle_read");
                break;
            case ExchangeEnd.HeldTooLong:
                _metrics.ResponsesReclaimed(DisplayName, 1, "held");
                break;
        }
    }
}
