namespace PooledClients.AspNetCore.Page;

/// <summary>What the page says, whatever it is written in: in the order in which somebody looks who was woken at three in the morning.</summary>
internal sealed class PageModel(PooledClientsSnapshot snapshot)
{
    public DateTimeOffset CapturedAt => snapshot.CapturedAt;

    public IReadOnlyList<TroubleSnapshot> Troubles => snapshot.Troubles;

    /// <summary>The four questions, answered whether there is trouble or not.</summary>
    public IEnumerable<(string Question, string Answer)> Facts =>
    [
        ("Too many open files?", Descriptors()),
        ("Deadline exceeded?", Deadlines()),
        ("Certificate expired?", Certificate()),
        ("Which server is slow?", Slowest()),
    ];

    // Several endpoints, and breakers, are told of where there are any.
    public IEnumerable<PageSection> Sections =>
    [
        Time(), Channels(), .. snapshot.Endpoints.Count > 0 ? [Endpoints()] : Array.Empty<PageSection>(), .. snapshot.Breakers.Count > 0 ? [Breakers()] : Array.Empty<PageSection>(),
        Connections(), Held(), Waits(), Certificates(), Events(), Options(),
    ];

    private string Descriptors()
    {
        var descriptors = snapshot.Descriptors;
        var limit = descriptors.Limit is { } most ? Show.Text($" of {most}") : "";
        var kinds = string.Join(", ", snapshot.DescriptorKinds.Select(static kind =>
            Show.Text($"{kind.Kind} {kind.Open}{(kind.Change == 0 ? "" : Show.Text($" ({kind.Change:+0;-0} in {Show.Time(kind.ChangedOver)})"))}")));
        return Show.Text($"{descriptors.Open}{limit} descriptors are open{(kinds.Length > 0 ? ": " + kinds : "")}. Pooled connections: {descriptors.Connections} of {descriptors.Budget}; {descriptors.Reserved} descriptors in reserve.");
    }

    private string Deadlines()
    {
        var phases = snapshot.Methods.SelectMany(static method => method.DeadlinesByPhase)
            .GroupBy(static phase => phase.Key, static (phase, counts) => (Phase: phase, Count: counts.Sum(static count => count.Value)))
            .OrderByDescending(static phase => phase.Count).ToList();
        var worst = snapshot.Methods.Where(static method => method.DeadlinesByPhase.Count > 0).MaxBy(static method => method.DeadlinesByPhase.Values.Sum());
        return phases.Count == 0
            ? "No gRPC call has reached its deadline."
            : Show.Text($"{phases.Sum(static phase => phase.Count)} calls since the start, waiting for: {string.Join(", ", phases.Select(static phase => Show.Text($"{phase.Phase} {phase.Count}")))}. Most of them: {worst!.Method} to {worst.Target}.");
    }

    private string Certificate() => snapshot.Certificates.MinBy(static certificate => certificate.NotAfter) is not { } first
        ? "No certificate is in use."
        : Show.Text($"The first to end is {first.Subject} of {first.Source}: {Ends(first)}, at {first.NotAfter.UtcDateTime:u}.");

    // How long the calls of a dead server take to fail is no answer, unless there is no other.
    private string Slowest() => snapshot.Methods.Where(static method => method.P99 is not null)
        .OrderBy(static method => method.FailedLately > 0 && method.FailedLately >= method.Line.Sum()).ThenByDescending(static method => method.P99).FirstOrDefault() is not { } slowest
        ? "No call within the last two minutes."
        : Show.Text($"{slowest.Target}: {slowest.Method} takes {Show.Time(slowest.P50)} (p50) and {Show.Time(slowest.P99)} (p99), to the headers of the response.");

    private PageSection Time() => PageSection.Of(
        "TIME",
        ["method", "p99", "p50", "calls/s", "failed", "target", "client", "deadlines", "two minutes", "last error"],
        [.. snapshot.Methods.OrderByDescending(static method => method.P99 ?? TimeSpan.MinValue).ThenBy(static method => method.Method, StringComparer.Ordinal)],
        static method =>
        [
            method.Method,
            Show.Time(method.P99),
            Show.Time(method.P50),
            Show.Text($"{method.CallsPerSecond:0.#}"),
            new(Show.Count(method.FailedLately), method.FailedLately > 0),
            method.Target,
            method.Client,
            new(string.Join(' ', method.DeadlinesByPhase.Select(static phase => Show.Text($"{phase.Key} {phase.Value}"))), IsBad: true),
            new("") { Line = method.Line, FailedLine = method.FailedLine },
            Brief(method.LastError),
        ],
        "No gRPC call was made.");

    private PageSection Channels() => PageSection.Of(
        "CHANNELS",
        ["client", "state", "address", "in flight", "waiting", "limit", "calls", "failed", "p99", "breaker", "gen.", "last call", "last error"],
        [.. snapshot.Channels.OrderBy(static channel => channel.State is "Ready" or "Idle").ThenBy(static channel => channel.Name, StringComparer.Ordinal)],
        static channel =>
        [
            channel.Name,
            new(channel.State, channel.State is "TransientFailure"),
            channel.Address,
            Show.Count(channel.CallsInFlight),
            new(Show.Count(channel.CallsWaiting), channel.CallsWaiting > 0),
            Show.Count(channel.CallLimit),
            Show.Count(channel.CallsStarted),
            new(Show.Count(channel.CallsFailed), channel.CallsFailed > 0),
            Show.Time(channel.P99),
            new(channel.CircuitState + (channel.CircuitOpenUntil is { } until ? " until " + Show.When(until) : ""), channel.CircuitState == "Open"),
            Show.Count(channel.Generation),
            Show.When(channel.LastCallAt),
            Brief(channel.LastError),
        ],
        "No gRPC channel was used.");

    private PageSection Endpoints() => PageSection.Of(
        "ENDPOINTS",
        ["service", "endpoint", "state", "latency", "in flight", "streams", "picks", "failed", "out for"],
        [.. snapshot.Endpoints.OrderBy(static endpoint => endpoint.State is "Ready" or "Idle").ThenByDescending(static endpoint => endpoint.Latency)],
        static endpoint =>
        [
            endpoint.Service,
            endpoint.EndPoint,
            new(endpoint.State, endpoint.State is "TransientFailure" or "Ejected" or "NotServing"),
            Show.Time(endpoint.Latency),
            Show.Count(endpoint.CallsInFlight),
            Show.Count(endpoint.OpenStreams),
            Show.Count(endpoint.Picks),
            new(Show.Count(endpoint.Failures), endpoint.Failures > 0),
            endpoint.EjectedFor > TimeSpan.Zero ? Show.Time(endpoint.EjectedFor) : "",
        ],
        "No service has several endpoints.");

    private PageSection Breakers() => PageSection.Of(
        "BREAKERS",
        ["address", "kind", "state", "until"],
        [.. snapshot.Breakers.OrderBy(static breaker => breaker.State == "Closed")],
        static breaker => [breaker.Address, breaker.Kind, new(breaker.State, breaker.State != "Closed"), Show.When(breaker.OpenUntil)],
        "No address has a breaker.");

    private PageSection Connections() => PageSection.Of(
        "CONNECTIONS",
        ["id", "address", "remote", "age", "silent", "streams", "tcp", "rtt", "unread", "unsent", "again", "in", "out", "tls", "local", "gen."],
        [.. snapshot.Connections.OrderByDescending(static connection => connection.UnsentBytes + connection.UnreadBytes ?? 0).ThenBy(static connection => connection.Id)],
        static connection =>
        [
            Show.Count(connection.Id),
            connection.Address,
            connection.RemoteEndPoint,
            Show.Time(connection.Age),
            Show.Time(connection.SilentFor),
            Streams(connection),
            new(connection.TcpState ?? "", connection.TcpState is not (null or "ESTABLISHED")),
            Show.Time(connection.RoundTripTime),
            new(NotZero(connection.UnreadBytes), IsBad: true),
            new(NotZero(connection.UnsentBytes), IsBad: true),
            new(connection.Retransmits is > 0 ? Show.Count(connection.Retransmits) : "", IsBad: true),
            Show.Bytes(connection.BytesReceived),
            Show.Bytes(connection.BytesSent),
            connection.TlsVersion + (connection.TlsResumed == true ? " resumed" : ""),
            connection.LocalEndPoint,
            Show.Count(connection.Generation) + (connection.Retired ? " (replaced)" : ""),
        ],
        "No connection is open.");

    private PageSection Held()
    {
        var held = snapshot.OpenResponses
            .Select(static response => (response.HeldFor, What: $"{response.Method} {response.Uri}", response.Client, Kind: "response", Unread: response.UnreadFor, response.Origin))
            .Concat(snapshot.OpenStreams.Select(static stream => (
                stream.HeldFor, What: $"{stream.Method} of {stream.Address}", Client: stream.Client ?? "", Kind: "stream", Unread: stream.UnreadFor, stream.Origin))).ToList();
        var known = held.Where(static one => one.Origin is not null).ToLookup(static one => (one.Kind, one.Client, one.What), static one => one.Origin);
        return PageSection.Of(
            "HELD",
            ["for", "what", "client", "kind", "unread", "made by"],
            [.. held.OrderByDescending(static one => one.HeldFor)],
            one =>
            [
                Show.Time(one.HeldFor),
                one.What,
                one.Client,
                one.Kind,
                Show.Time(one.Unread),
                new(one.Origin ?? (known[(one.Kind, one.Client, one.What)].FirstOrDefault() is { } other ? $"probably {other}" : "")) { Most = 300 },
            ],
            "No response or stream is open.");
    }

    private PageSection Waits() => PageSection.Of(
        "WAITS",
        ["address", "waiting", "oldest", "open", "limit", "kind"],
        [.. snapshot.Pools.OrderByDescending(static pool => pool.Waiting).ThenByDescending(static pool => pool.Connections)],
        static pool =>
        [
            pool.Address,
            new(Show.Count(pool.Waiting), pool.Waiting > 0),
            Show.Time(pool.OldestWait),
            Show.Count(pool.Connections),
            Show.Count(pool.Limit),
            pool.Kind,
        ],
        "No address has a connection.");

    private PageSection Certificates() => PageSection.Of(
        "CERTIFICATES",
        ["ends", "use", "subject", "source", "not after", "last refusal", "thumbprint"],
        [.. snapshot.Certificates.OrderBy(static certificate => certificate.NotAfter)],
        certificate =>
        [
            new(Ends(certificate), certificate.ExpiresSoon),
            certificate.Use.ToString(),
            certificate.Subject,
            certificate.Source,
            Show.Text($"{certificate.NotAfter.UtcDateTime:yyyy-MM-dd HH:mm}"),
            new(certificate.LastRefusal ?? "", IsBad: true),
            certificate.Thumbprint,
        ],
        "No certificate is in use.");

    private PageSection Events() => PageSection.Of(
        "EVENTS",
        ["at", "level", "message"],
        snapshot.Events,
        static happened => [Show.When(happened.At), new(happened.Level, happened.Level is "Warning" or "Error"), Brief(happened.Message)],
        "Nothing has happened.");

    // Clients whose options are the same share a row.
    private PageSection Options() => PageSection.Of(
        "OPTIONS",
        ["clients", "options in force"],
        [.. snapshot.Channels.GroupBy(static channel => string.Join("; ", channel.Options.OrderBy(static option => option.Key, StringComparer.Ordinal).Select(static option => $"{option.Key} {option.Value}")))],
        static options => [string.Join(", ", options.Select(static channel => channel.Name)), new(options.Key) { Most = 1500 }],
        "No gRPC channel was used.");

    private string Ends(CertificateSnapshot certificate) => certificate.NotAfter <= snapshot.CapturedAt
        ? $"{Show.Time(snapshot.CapturedAt - certificate.NotAfter)} ago"
        : $"in {Show.Time(certificate.NotAfter - snapshot.CapturedAt)}";

    private static string Streams(ConnectionSnapshot connection) => (connection.Streams, connection.StreamLimit) switch
    {
        (null, null) => "",
        (null, { } limit) => $"/ {(limit == int.MaxValue ? "any" : Show.Count(limit))}",
        ({ } open, var limit) => $"{Show.Count(open)} / {(limit is null or int.MaxValue ? "any" : Show.Count(limit))}",
    };

    private static string NotZero(long? bytes) => bytes is > 0 ? Show.Bytes(bytes) : "";

    private static string Brief(string? text) => Show.Brief(text, 160);
}
