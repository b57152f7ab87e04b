using PooledClients.Http.Exchanges.Timing;

namespace PooledClients.Http.Exchanges;

/// <summary>The HTTP client whose exchange it is.</summary>
internal interface IExchangeOwner
{
    /// <summary>Gets the client's name.</summary>
    string Name { get; }

    /// <summary>Gets the name as the configuration, logs and metrics have it.</summary>
    string DisplayName { get; }

    /// <summary>Gets the client's options.</summary>
    PooledHttpClientOptions Options { get; }

    /// <summary>Gets the <see cref="HttpClient.Timeout"/> that the application has configured for its clients; none where there is none, or it is not known.</summary>
    TimeSpan? ClientTimeout { get; }

    /// <summary>Gets whose time it is.</summary>
    TimeProvider Time { get; }

    /// <summary>Gets the exchanges that are under way, and what ends them at their deadlines.</summary>
    DeadlineSchedule Deadlines { get; }

    /// <summary>A response is open.</summary>
    void Opened(HttpExchange exchange);

    /// <summary>It is open no more.</summary>
    void Closed(HttpExchange exchange);

    /// <summary>Its caller has read or disposed the response at last.</summary>
    void Returned(HttpExchange exchange);

    /// <summary>The exchange was ended for its caller.</summary>
    void Aborted(HttpExchange exchange, ExchangeEnd end);
}
