namespace PooledClients.Connections.Dialing;

/// <summary>A client's <see cref="ConnectionOptions"/> as they were at start: equal settings share connections.</summary>
internal sealed record ConnectionSettings(
    TimeSpan ConnectTimeout,
    TimeSpan Lifetime,
    TimeSpan IdleTimeout,
    TimeSpan DeadPeerTimeout,
    TimeSpan? KeepAlivePingDelay,
    TimeSpan KeepAlivePingTimeout,
    int? MaxConnections)
{
    // gRFC A105 has 10 connections an address; for HTTP/1.1, one connection carries one request.
    private const int DefaultMultiplexedConnections = 10;
    private const int DefaultConnections = 64;

    public static ConnectionSettings From(ConnectionOptions options) => new(
        options.ConnectTimeout,
        options.Lifetime,
        options.IdleTimeout,
        options.DeadPeerTimeout,
        options.KeepAlivePingDelay,
        options.KeepAlivePingTimeout,
        options.MaxConnections);

    public int ConnectionCap(bool isMultiplexed) => MaxConnections ?? (isMultiplexed ? DefaultMultiplexedConnections : DefaultConnections);
}
