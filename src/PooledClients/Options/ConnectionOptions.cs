namespace PooledClients;

/// <summary>How connections are made, kept and given up.</summary>
public sealed class ConnectionOptions
{
    /// <summary>
    /// Gets or sets how long one connect may take: name resolution, TCP and TLS together. Waiting for a place within the descriptor
    /// budget is no part of it.
    /// </summary>
    /// <value>5 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets how long a connection takes new calls, give or take a tenth, so that a change of DNS is followed and a fleet does
    /// not reconnect at once. Calls in flight on it finish.
    /// </summary>
    /// <value>5 minutes. <see cref="Timeout.InfiniteTimeSpan"/> means for ever.</value>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets or sets how long a connection that nobody uses is kept.</summary>
    /// <value>2 minutes. <see cref="Timeout.InfiniteTimeSpan"/> means until its lifetime ends.</value>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Gets or sets how long a peer may leave bytes or TCP probes unacknowledged before its connection is given up. It is found
    /// without HTTP/2 pings, by TCP keepalive and <c>TCP_USER_TIMEOUT</c> (gRFC A18); Unix sockets have no need of it.
    /// </summary>
    /// <value>20 seconds. <see cref="Timeout.InfiniteTimeSpan"/> leaves it to the operating system.</value>
    public TimeSpan DeadPeerTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Gets or sets the time without traffic after which an HTTP/2 ping is sent while calls are in flight (gRFC A8). Many servers end a
    /// connection that pings more often than once in five minutes.
    /// </summary>
    /// <value><see langword="null"/>: no pings.</value>
    public TimeSpan? KeepAlivePingDelay { get; set; }

    /// <summary>Gets or sets how long the answer to an HTTP/2 ping may take before its connection is given up.</summary>
    /// <value>20 seconds.</value>
    public TimeSpan KeepAlivePingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Gets or sets the most connections to one address at a time.</summary>
    /// <value><see langword="null"/>: 10 for a gRPC client (gRFC A105), 64 for an HTTP client, whatever its version.</value>
    public int? MaxConnections { get; set; }
}
