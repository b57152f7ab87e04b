using System.Net;

namespace PooledClients;

/// <summary>
/// The options of one pooled HTTP client. They are read once, at start, from the configuration section
/// <c>PooledClients:Http:&lt;name&gt;</c> (<c>Default</c> for the unnamed client, its type's name for a typed one) and then
/// from code; code wins.
/// </summary>
public sealed class PooledHttpClientOptions
{
    /// <summary>
    /// Gets or sets what relative request addresses are relative to: an absolute <c>https://</c> or <c>http://</c> address,
    /// or one of service discovery, as <c>https+http://name</c>.
    /// </summary>
    /// <value><see langword="null"/>: every request has an absolute address.</value>
    public Uri? BaseAddress { get; set; }

    /// <summary>
    /// Gets or sets how long a whole exchange may take: connecting, sending, waiting for the headers and, where the response is buffered,
    /// reading the body to its end. A body that the caller reads as a stream has a <see cref="StreamingDeadline"/> instead, and may bring
    /// nothing for this long. A smaller <see cref="HttpClient.Timeout"/> still wins, and so does a nearer <see cref="CallDeadline"/>.
    /// </summary>
    /// <value>100 seconds, <see cref="HttpClient"/>'s own timeout. <see langword="null"/> or <see cref="Timeout.InfiniteTimeSpan"/> means no deadline.</value>
    public TimeSpan? Deadline { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// Gets or sets how long an exchange may take whose body the caller reads as a stream: server-sent events, answers that come word by word,
    /// long downloads. It takes the place of <see cref="Deadline"/> with the first read of the stream, and counts from the begin of the exchange.
    /// A deadline of the request's own (<see cref="PooledHttpRequestOptions.Deadline"/>) holds for streams as well.
    /// </summary>
    /// <value>
    /// <see langword="null"/>, as of gRPC clients: a stream lives as long as it brings something. <see cref="IdleReadTimeout"/>, or without it
    /// <see cref="Deadline"/>, says how long it may bring nothing.
    /// </value>
    public TimeSpan? StreamingDeadline { get; set; }

    /// <summary>
    /// Gets or sets the age at which a response whose body is still open, and which nobody reads, is warned of.
    /// </summary>
    /// <value>60 seconds. <see langword="null"/> or <see cref="Timeout.InfiniteTimeSpan"/> means never.</value>
    public TimeSpan? ResponseHeldWarning { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Gets or sets the age at which a response whose body is still open, and which nobody reads, is aborted: its connection is closed,
    /// or its stream reset, and whoever reads it later gets an <see cref="IOException"/>.
    /// </summary>
    /// <value><see langword="null"/>: it is held until its deadline, or for so long after the last read of a stream.</value>
    public TimeSpan? ResponseHeldTimeout { get; set; }

    /// <summary>Gets or sets how long one read of a body may wait for a byte; the time between two reads is not counted.</summary>
    /// <value>
    /// <see langword="null"/>: a body that is read as a stream ends when it has brought nothing, or nobody has read it, for
    /// <see cref="Deadline"/>; one that is buffered ends at its deadline. <see cref="Timeout.InfiniteTimeSpan"/> means that a stream may be silent for ever.
    /// </value>
    public TimeSpan? IdleReadTimeout { get; set; }

    /// <summary>
    /// Gets or sets the compressions that are offered to the server and undone on the way in. A body that was decompressed has no
    /// <c>Content-Length</c> any more, and may be a thousand times as large as what was sent: bound it where the server is not trusted, as by
    /// <see cref="HttpClient.MaxResponseContentBufferSize"/>.
    /// </summary>
    /// <value><see cref="DecompressionMethods.None"/>, as of a plain <see cref="HttpClient"/>.</value>
    public DecompressionMethods AutomaticDecompression { get; set; }

    /// <summary>Gets whom to trust and how to identify oneself.</summary>
    public TlsOptions Tls { get; } = new();

    /// <summary>
    /// Gets whether <see cref="BaseAddress"/> stands for a service of several endpoints, and which of them a request takes. Requests to other
    /// addresses are sent as ever.
    /// </summary>
    public EndpointOptions Endpoints { get; } = new();

    /// <summary>Gets how connections are made, kept and given up.</summary>
    public ConnectionOptions Connection { get; } = new();

    /// <summary>Gets when a request is tried again, and when an authority is left alone.</summary>
    public HttpResilienceOptions Resilience { get; } = new();
}
