namespace PooledClients;

/// <summary>
/// The options of one pooled gRPC client. They are read once, at start, from the configuration section
/// <c>PooledClients:Grpc:&lt;name&gt;</c> and then from code; code wins.
/// </summary>
public sealed class PooledGrpcClientOptions
{
    /// <summary>
    /// Gets or sets where the service is: an absolute <c>https://</c> or <c>http://</c> address (clear text HTTP/2), or
    /// <c>unix:/path</c> for a Unix domain socket.
    /// </summary>
    /// <value>None; it has to be set.</value>
    public Uri? Address { get; set; }

    /// <summary>
    /// Gets or sets how long a unary call may take, from the moment it is made. A method's, a stub's or a call's own deadline wins.
    /// </summary>
    /// <value>30 seconds. <see langword="null"/> or <see cref="Timeout.InfiniteTimeSpan"/> means no deadline.</value>
    public TimeSpan? Deadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets or sets how long a streaming call may take, from the moment it is made to the end of its stream.
    /// </summary>
    /// <value><see langword="null"/>: no deadline, for a stream may live for days.</value>
    public TimeSpan? StreamingDeadline { get; set; }

    /// <summary>
    /// Gets or sets whether a call that cannot connect, or whose address is left alone by its breaker, waits for the server until its deadline, instead of
    /// failing at once (gRPC's wait-for-ready).
    /// </summary>
    /// <value><see langword="false"/>, as gRPC has it.</value>
    public bool WaitForReady { get; set; }

    /// <summary>
    /// Gets or sets whether the host connects this client while it starts, so that its first call finds a connection. Meanwhile its
    /// unary calls are made to a server in this process, over a socket of its own on loopback, so that the first real ones find their
    /// code compiled; they pass none of the application's interceptors and handlers, spend none of its retries and show in no trace or
    /// metric of requests. They are left out where the connection budget has no place beyond the clients that connect.
    /// <see cref="PooledClientsOptions.WarmUp"/> says for how long, and what a failure means.
    /// </summary>
    /// <value><see langword="false"/>: the first call connects.</value>
    public bool WarmUp { get; set; }

    /// <summary>
    /// Gets what differs by method. A key is a method's name (<c>Get</c>) or its full name (<c>rocksdb.v1.KeyValue/Get</c>);
    /// a name that the client has not fails at start.
    /// </summary>
    public IDictionary<string, GrpcMethodOptions> Methods { get; } = new Dictionary<string, GrpcMethodOptions>(StringComparer.Ordinal);

    /// <summary>
    /// Gets or sets a gRPC service config as JSON (grpc/grpc <c>doc/service_config.md</c>). Of its <c>methodConfig</c> it takes
    /// <c>timeout</c>, <c>waitForReady</c>, <c>retryPolicy</c>, <c>maxRequestMessageBytes</c> and <c>maxResponseMessageBytes</c>, the most
    /// specific name first. What <see cref="Methods"/> says about a method wins over it; a <c>retryPolicy</c> holds whatever the
    /// contract says about idempotency, within the retry budget and the deadline.
    /// </summary>
    /// <value><see langword="null"/>: none.</value>
    public string? ServiceConfig { get; set; }

    /// <summary>
    /// Gets or sets the largest message that is received, in bytes. A larger one ends its call with <c>ResourceExhausted</c>, and the status names this option.
    /// </summary>
    /// <value>4 MiB, gRPC's own limit. <see langword="null"/> means no limit.</value>
    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>
    /// Gets or sets the largest message that is sent, in bytes. A larger one ends its call with <c>ResourceExhausted</c>, and the status names this option.
    /// </summary>
    /// <value><see langword="null"/>: no limit.</value>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Gets whom to trust and how to identify oneself.</summary>
    public TlsOptions Tls { get; } = new();

    /// <summary>Gets whether the address stands for several endpoints, and which of them a call takes.</summary>
    public EndpointOptions Endpoints { get; } = new();

    /// <summary>Gets how connections are made, kept and given up.</summary>
    public ConnectionOptions Connection { get; } = new();

    /// <summary>Gets how many unary calls to the address may be in flight at a time.</summary>
    public AdmissionOptions Admission { get; } = new();

    /// <summary>Gets when a call is tried again, and when an address is left alone.</summary>
    public GrpcResilienceOptions Resilience { get; } = new();
}
