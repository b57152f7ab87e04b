namespace PooledClients;

/// <summary>One open connection. What the system does not tell is <see langword="null"/>: TCP's figures are told on Linux only.</summary>
public sealed class ConnectionSnapshot
{
    /// <summary>Gets its number: in the order in which they were opened, and never used again in this process.</summary>
    public long Id { get; init; }

    /// <summary>Gets the number of the transport that it belongs to, as in <see cref="ChannelSnapshot.TransportId"/>.</summary>
    public long TransportId { get; init; }

    /// <summary>Gets whose it is: <c>grpc</c> or <c>http</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Gets the address it was opened for.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the end point at this side.</summary>
    public string? LocalEndPoint { get; init; }

    /// <summary>Gets the end point at the other side; <see langword="null"/> when it is not known any more.</summary>
    public string? RemoteEndPoint { get; init; }

    /// <summary>Gets how long it has been open.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets how long ago the last byte arrived on it; <see langword="null"/> when none has, or it is not known.</summary>
    public TimeSpan? SilentFor { get; init; }

    /// <summary>Gets the handler generation that it was opened by.</summary>
    public int Generation { get; init; }

    /// <summary>Gets whether a newer handler generation has replaced its own: it ends when its last call does.</summary>
    public bool Retired { get; init; }

    /// <summary>Gets the version of TLS, as in <c>Tls13</c>; <see langword="null"/> over clear text and during the handshake.</summary>
    public string? TlsVersion { get; init; }

    /// <summary>Gets the cipher suite.</summary>
    public string? CipherSuite { get; init; }

    /// <summary>Gets whether its handshake resumed a session.</summary>
    public bool? TlsResumed { get; init; }

    /// <summary>Gets how many HTTP/2 streams are open on it.</summary>
    public int? Streams { get; init; }

    /// <summary>Gets how many HTTP/2 streams were ever opened on it.</summary>
    public long? StreamsStarted { get; init; }

    /// <summary>Gets how many HTTP/2 streams its server allows at a time.</summary>
    public int? StreamLimit { get; init; }

    /// <summary>Gets the error code of the GOAWAY frame that its server has sent, as in <c>NO_ERROR</c>.</summary>
    public string? GoAwayCode { get; init; }

    /// <summary>Gets TCP's state, as in <c>ESTABLISHED</c>.</summary>
    public string? TcpState { get; init; }

    /// <summary>Gets how many bytes have arrived that nobody has read.</summary>
    public long? UnreadBytes { get; init; }

    /// <summary>Gets how many bytes were written that the system has not sent.</summary>
    public long? UnsentBytes { get; init; }

    /// <summary>Gets TCP's smoothed round-trip time.</summary>
    public TimeSpan? RoundTripTime { get; init; }

    /// <summary>Gets how many segments were sent again.</summary>
    public long? Retransmits { get; init; }

    /// <summary>Gets how many bytes have arrived, below TLS.</summary>
    public long? BytesReceived { get; init; }

    /// <summary>Gets how many bytes were sent, below TLS, each counted once.</summary>
    public long? BytesSent { get; init; }
}
