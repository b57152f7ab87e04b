using System.Globalization;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Diagnostics;

/// <summary>Says what is wrong in a snapshot, the worst first, each with the way out: what health, the page and a support case begin with.</summary>
internal static class TroubleFinder
{
    /// <summary>An address has to be down for so long before it is a trouble: a restart is none.</summary>
    private static readonly TimeSpan DownFor = TimeSpan.FromSeconds(10);

    /// <summary>An address that nobody has tried for so long may be back: it is told, but does not degrade health.</summary>
    private static readonly TimeSpan TriedWithin = TimeSpan.FromMinutes(1);

    /// <summary>A response or stream that nobody reads for so long is held by somebody who forgot it.</summary>
    private static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(30);

    /// <summary>So many of a kind are told one by one; a process can have thousands of servers that are down.</summary>
    private const int MostOfAKind = 20;

    public static List<TroubleSnapshot> Find(PooledClientsSnapshot snapshot) =>
        [.. Descriptors(snapshot).Concat(Budget(snapshot)).Concat(Addresses(snapshot)).Concat(Endpoints(snapshot)).Concat(Breakers(snapshot))
            .Concat(Certificates(snapshot)).Concat(Refusals(snapshot)).Concat(Held(snapshot))
            .GroupBy(static trouble => trouble.Kind).SelectMany(Bound).OrderByDescending(static trouble => trouble.Severity)];

    private static IEnumerable<TroubleSnapshot> Bound(IGrouping<string, TroubleSnapshot> kind)
    {
        List<TroubleSnapshot> worstFirst = [.. kind.OrderByDescending(static trouble => trouble.Severity)];
        return worstFirst.Count <= MostOfAKind
            ? worstFirst
            : worstFirst.Take(MostOfAKind).Append(Trouble(
                worstFirst[MostOfAKind].Severity, kind.Key, $"{worstFirst.Count - MostOfAKind} more of the kind '{kind.Key}'", "The lists of the snapshot have them all."));
    }

    private static IEnumerable<TroubleSnapshot> Descriptors(PooledClientsSnapshot snapshot)
    {
        var descriptors = snapshot.Descriptors;
        if (descriptors.Limit is int limit && descriptors.Open >= limit * DescriptorLevels.Near)
        {
            yield return Trouble(
                descriptors.Open >= limit * DescriptorLevels.Critical ? TroubleSeverity.Unhealthy : TroubleSeverity.Degraded,
                "descriptors",
                $"the process holds {descriptors.Open} of its {limit} descriptors ({Kinds(snapshot.DescriptorKinds)}), {descriptors.Connections} of them connections of pooled clients",
                "Find what grows: sockets that are not pooled connections, files that are not closed, responses that are held (below). Then raise the limit (LimitNOFILE, ulimit -n).");
        }
    }

    private static IEnumerable<TroubleSnapshot> Budget(PooledClientsSnapshot snapshot)
    {
        List<ConnectionPoolSnapshot> waiting = [.. snapshot.Pools.Where(static pool => pool.Waiting > 0 && pool.WaitsForBudget)];
        if (waiting.Count > 0)
        {
            var oldest = waiting.Max(static pool => pool.OldestWait) ?? TimeSpan.Zero;
            var holders = snapshot.Pools.Where(static pool => pool.Connections > 0).OrderByDescending(static pool => pool.Connections)
                .Take(5).Select(static pool => $"{pool.Address} {pool.Connections}");
            yield return Trouble(
                TroubleSeverity.Degraded,
                "budget",
                $"{waiting.Sum(static pool => pool.Waiting)} connects wait for the budget of {snapshot.Descriptors.Budget} connections, the oldest for {oldest.TotalSeconds:0.#} s; it is held by {string.Join(", ", holders)}",
                "Lower Connection:MaxConnections of the largest holders, return what is held (below), or raise PooledClients:Descriptors:MaxConnections and the process's limit.");
        }
    }

    private static IEnumerable<TroubleSnapshot> Addresses(PooledClientsSnapshot snapshot) =>
        snapshot.Unreachable.Where(address => snapshot.CapturedAt - address.DownSince >= DownFor).Select(address => Trouble(
            snapshot.CapturedAt - address.LastFailureAt < TriedWithin && !IsOneOfSeveral(snapshot, address) ? TroubleSeverity.Degraded : TroubleSeverity.Notice,
            "address",
            $"{address.Address} cannot be reached since {address.DownSince.UtcDateTime:u} ({address.Failures} tries failed): {address.LastError.TrimEnd('.')}",
            NextTry(snapshot, address)));

    // The others carry the calls of an endpoint, until over half of them are out.
    private static bool IsOneOfSeveral(PooledClientsSnapshot snapshot, AddressSnapshot address) =>
        snapshot.Endpoints.Any(endpoint => endpoint.Service == ServerTags.ServiceOf(address.Address));

    private static IEnumerable<TroubleSnapshot> Endpoints(PooledClientsSnapshot snapshot) =>
        snapshot.Endpoints.GroupBy(static endpoint => endpoint.Service)
            .Select(static service => (Service: service.Key, All: service.Count(), Out: service.Where(static endpoint => endpoint.State is "TransientFailure" or "Ejected" or "NotServing").ToArray()))
            .Where(static service => service.Out.Length * 2 > service.All)
            .Select(static service => Trouble(
                TroubleSeverity.Degraded,
                "endpoints",
                $"{service.Out.Length} of the {service.All} endpoints of {service.Service} take no calls: {string.Join(", ", service.Out.Take(5).Select(static endpoint => $"{endpoint.EndPoint} {endpoint.State}"))}",
                "Look at those servers and the way to them; the others carry their calls. They are tried again by themselves."));

    private static IEnumerable<TroubleSnapshot> Breakers(PooledClientsSnapshot snapshot) =>
        snapshot.Breakers.Where(static breaker => breaker.State == "Open").DistinctBy(static breaker => breaker.Address)
            .Select(breaker => (Breaker: breaker, Error: snapshot.Channels.FirstOrDefault(channel => channel.Address == breaker.Address && channel.LastError is not null)?.LastError))
            .Select(static open => Trouble(
                TroubleSeverity.Degraded,
                "breaker",
                $"the breaker of {open.Breaker.Address} ({open.Breaker.Kind}) is open{(open.Breaker.OpenUntil is { } until ? $" until {until.UtcDateTime:u}" : "")}{(open.Error is { } error ? $"; the last failure: {error.TrimEnd('.')}" : "")}",
                "Most of its requests failed: look at that server. It is probed by itself when the break is over."));

    private static IEnumerable<TroubleSnapshot> Certificates(PooledClientsSnapshot snapshot) =>
        snapshot.Certificates.Where(static certificate => certificate.ExpiresSoon).OrderBy(static certificate => certificate.NotAfter).Select(certificate => Trouble(
            certificate.NotAfter - snapshot.CapturedAt <= CertificateLevels.Critical(certificate.NotBefore, certificate.NotAfter) ? TroubleSeverity.Degraded : TroubleSeverity.Notice,
            "certificate",
            $"certificate {certificate.Thumbprint} of {certificate.Source} {(certificate.NotAfter <= snapshot.CapturedAt ? "expired" : "expires")} {certificate.NotAfter.UtcDateTime:u}",
            certificate.Use == CertificateUse.Server
                ? "Renew it on the server."
                : "Renew the file; it is read again by itself, and connections change over without a restart."));

    private static IEnumerable<TroubleSnapshot> Refusals(PooledClientsSnapshot snapshot) =>
        snapshot.CertificateFiles.Where(static file => file.LastRefusal is not null).Select(static file => Trouble(
            TroubleSeverity.Notice,
            "trust",
            $"the last change of {file.Path} was refused, what was read before stays in use: {file.LastRefusal!.TrimEnd('.')}",
            "Write the file anew, whole, and its key with it."))
            .Concat(snapshot.CertificateFiles.Where(static file => file.HandOverFailure is not null).Select(static file => Trouble(
                TroubleSeverity.Degraded,
                "trust",
                $"the change of {file.Path} is not in use everywhere: {file.HandOverFailure!.TrimEnd('.')}",
                "It is tried again by itself; what was read before stays in use there until then.")));

    private static IEnumerable<TroubleSnapshot> Held(PooledClientsSnapshot snapshot) =>
        snapshot.OpenResponses.Where(static response => response.UnreadFor >= HeldFor)
            .GroupBy(static response => (response.Client, response.Method, response.Uri))
            .OrderByDescending(static held => held.Count())
            .Select(static held => Trouble(
                TroubleSeverity.Notice,
                "response",
                $"{Count(held, "response")} of HTTP client '{held.Key.Client}' to {held.Key.Method} {held.Key.Uri} {(held.Count() == 1 ? "is" : "are")} open and unread, the oldest for {held.Max(static response => response.UnreadFor)!.Value.TotalSeconds:0} s, sent by {Callers(held.Select(static response => response.Origin))}",
                "Read each to its end or dispose it: until then it holds a connection, or a stream of one."))
            .Concat(snapshot.OpenStreams.Where(static stream => stream.UnreadFor >= HeldFor)
                .GroupBy(static stream => (stream.Address, stream.Method))
                .Select(static held => Trouble(
                    TroubleSeverity.Notice,
                    "stream",
                    $"nobody reads {Count(held, "stream")} of {held.Key.Method} from {held.Key.Address}, the oldest for {held.Max(static stream => stream.UnreadFor)!.Value.TotalSeconds:0} s, made by {Callers(held.Select(static stream => stream.Origin))}",
                    "Read each to its end or dispose the call: until then it holds a stream of a connection.")));

    private static string Count<T>(IEnumerable<T> held, string what) =>
        held.Count() is var count and not 1 ? string.Create(CultureInfo.InvariantCulture, $"{count} {what}s") : $"1 {what}";

    // One in many is found out, and the others of its route or method are most likely its brothers.
    private static string Callers(IEnumerable<string?> origins) =>
        origins.OfType<string>().Distinct(StringComparer.Ordinal).Take(3).ToArray() is { Length: > 0 } known ? string.Join(" or ", known) : "a call site not known yet";

    private static string NextTry(PooledClientsSnapshot snapshot, AddressSnapshot address) => address.NextTryAt > snapshot.CapturedAt
        ? $"The next try is at {address.NextTryAt.UtcDateTime:HH:mm:ss.fff} UTC, if a call wants one. Look at the server, its name and the way to it."
        : "The next call tries again. Look at the server, its name and the way to it.";

    private static string Kinds(IReadOnlyList<DescriptorKindSnapshot> kinds) => kinds.Count == 0
        ? "of kinds unknown"
        : string.Join(", ", kinds.Select(static kind =>
            string.Create(CultureInfo.InvariantCulture, $"{kind.Kind} {kind.Open}{(kind.Change == 0 ? "" : $" ({kind.Change:+0;-0} in {kind.ChangedOver.TotalMinutes:0.#} min)")}")));

    private static TroubleSnapshot Trouble(TroubleSeverity severity, string kind, FormattableString what, string wayOut) =>
        new() { Severity = severity, Kind = kind, What = what.ToString(CultureInfo.InvariantCulture), WayOut = wayOut };
}
