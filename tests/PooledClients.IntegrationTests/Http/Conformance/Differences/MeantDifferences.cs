using PooledClients.IntegrationTests.Http.Conformance.Outcomes;

namespace PooledClients.IntegrationTests.Http.Conformance.Differences;

/// <summary>Where a pooled client is meant to differ: the rows of <c>docs/http-differences.md</c>.</summary>
internal static class MeantDifferences
{
    public static Difference Deadline { get; } = new("Deadline", "The deadline covers the exchange to the last byte of a body that is buffered, whoever asks for it.");

    public static Difference Silence { get; } = new("A stream's silence", "A body that is read as a stream lives as long as it brings something.");

    public static Difference RequestDeadline { get; } = new("Deadline of one request", "A request may carry a deadline of its own.");

    public static Difference AmbientDeadline { get; } = new("Ambient deadline", "Work that has a deadline hands it on to the requests that it makes.");

    public static Difference IdleRead { get; } = new("Idle read", "A read of a body that gets no byte for `IdleReadTimeout` ends, where one is set.");

    public static Difference RetryOfStatus { get; } = new("Retry of a status", "An idempotent request is sent again after 408, 429 or 5xx (not 501, 505).");

    public static Difference RetryOfConnection { get; } = new("Retry of a lost connection", "An idempotent request is sent again when its connection ended without an answer.");

    public static Difference Breaker { get; } = new("Breaker", "An authority to which nearly every request failed is left alone for a while.");

    public static Difference Connections { get; } = new("Connections of a server", "At most `Connection:MaxConnections` connections are open to a server; further requests wait.");

    public static Difference Cookies { get; } = new("Cookies", "Cookies are not kept: a client that many callers share would send one caller's to another's request.");

    public static Difference Disposal { get; } = new("Disposal of the container", "When the container has been disposed, no new request is sent: its connections are closed, not left to the collector.");

    public static Difference Sharing { get; } = new("Shared connections", "Clients that want the same of a connection share it.");

    public static Difference Handshake { get; } = new("Failed handshakes", "The exception within says why the two ends do not agree, in place of the TLS library's own.");

    public static Difference SecondCopy { get; } = new("A decompressed body copied twice", "It is refused as any other body is that has been read.");

    public static Difference OwnContent { get; } = new("A handler's content", "The deadline covers the bytes of whatever a handler answers with.");

    public static Difference ConnectTime { get; } = new("Connect timeout", "A connect that hangs would hold its place among the connections; `ConnectTimeout` of the handler has no effect.");

    public static Difference DrainTime { get; } = new("Draining an unread body", "Rather a new connection than two seconds for a body that nobody wants.");

    public static Difference ManyHttp2 { get; } = new("More than one HTTP/2 connection", "Requests past a connection's streams do not wait for those before them.");

    public static Difference ConnectionAge { get; } = new("Age of a connection", "A change of DNS is followed without a new handler every two minutes.");

    public static Difference IdleTime { get; } = new("Idle connections", "A connection outlives a pause of a minute, and the budget takes idle ones back sooner where it needs them.");

    public static Difference Callbacks { get; } = new("Callbacks of the handler", "Each connection is counted, and certificates are always verified.");

    public static Difference PostOnce { get; } = new("A POST without a body", "What may not be repeated is sent once, whatever ends its connection.");

    public static IReadOnlyList<Difference> All { get; } =
        [Deadline, Silence, RequestDeadline, AmbientDeadline, IdleRead, RetryOfStatus, RetryOfConnection, Breaker, Connections, Cookies, Disposal, Sharing, Handshake, SecondCopy, OwnContent, PostOnce, ConnectTime, DrainTime, ManyHttp2, ConnectionAge, IdleTime, Callbacks];
}
