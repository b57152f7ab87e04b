using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace PooledClients.Diagnostics;

/// <summary>
/// Every line the library logs. Event ids by area: 1xx registration, start and stop; 2xx HTTP; 3xx resilience and deadlines;
/// 4xx connections, gate and descriptors; 5xx TLS; 6xx the gRPC transport. An id is never reused.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "Calls of pooled client {Client} to {Address} are not encrypted: the address is clear text.")]
    public static partial void ClearText(this ILogger logger, string client, string address);

    [LoggerMessage(101, LogLevel.Warning, "{InFlight} calls were still in flight {Seconds} s after the host had stopped (DrainTimeout); they are closed.")]
    public static partial void DrainTimedOut(this ILogger logger, int inFlight, double seconds);

    [LoggerMessage(102, LogLevel.Warning, "Pooled client {Client} did not connect while the host started; its first call will: {Reason}")]
    public static partial void WarmUpFailed(this ILogger logger, string client, string reason);

    [LoggerMessage(103, LogLevel.Debug, "The calls of pooled client {Client} could not be made for warm-up; the first real ones compile their code.")]
    public static partial void WarmUpCallsFailed(this ILogger logger, string client, Exception exception);

    [LoggerMessage(200, LogLevel.Warning, "{Count} responses of HTTP client '{Client}' to {Route} have been open and unread for long, the oldest sent {Age:0.#} s ago by {CallSite}. Each holds a connection, or a stream of one, until it is read to its end or disposed.")]
    public static partial void ResponseHeld(this ILogger logger, int count, string client, object route, double age, string callSite);

    [LoggerMessage(201, LogLevel.Information, "A response of HTTP client '{Client}' to {Route} that was warned of as held has been returned after {Age:0.#} s.")]
    public static partial void HeldResponseReturned(this ILogger logger, string client, object route, double age);

    [LoggerMessage(202, LogLevel.Warning, "{Count} responses of HTTP client '{Client}' to {Route} leaked: they were dropped without being read to the end or disposed, and only a garbage collection gave their connections back. Sent by {CallSite}.")]
    public static partial void ResponseLeaked(this ILogger logger, int count, string client, object route, string callSite);

    [LoggerMessage(203, LogLevel.Warning, "A response of HTTP client '{Client}' to {Route}, sent {Age:0.#} s ago by {CallSite}, was left open and unread for longer than ResponseHeldTimeout, and was aborted.")]
    public static partial void HeldResponseAborted(this ILogger logger, string client, object route, double age, string callSite);

    [LoggerMessage(204, LogLevel.Warning, "HTTP client '{Client}' has a primary handler of its own, {Handler}: its connections are outside the descriptor budget, the trust options, the drain and the reload of certificates. Leave it out, or use ConfigurePooledHandler.")]
    public static partial void ForeignPrimaryHandler(this ILogger logger, string client, string handler);

    [LoggerMessage(205, LogLevel.Information, "HTTP client '{Client}' has {Handler}: retries and circuit breaking are left to it. The deadline still covers the whole exchange.")]
    public static partial void ResilienceLeftToHandler(this ILogger logger, string client, string handler);

    [LoggerMessage(206, LogLevel.Information, "Connections are short while {Open} responses are open: a garbage collection was asked for, so that those nobody holds any more give theirs back.")]
    public static partial void CollectionInduced(this ILogger logger, int open);

    [LoggerMessage(320, LogLevel.Information, "HTTP client '{Client}' tries {Authority} again (retry {Retry}) after {Pause:0.###} s: {Reason}")]
    public static partial void HttpRetrying(this ILogger logger, string client, string authority, int retry, double pause, string reason);

    [LoggerMessage(301, LogLevel.Debug, "Attempt {Attempt} of {Method} failed with {Status}; the next one comes in {Pause:0} ms.")]
    public static partial void CallTriedAgain(this ILogger logger, string method, int attempt, StatusCode status, double pause);

    [LoggerMessage(302, LogLevel.Information, "{Method} of client {Client} is not tried again after a failure that the server may have processed: its contract {Why}. Methods[\"{Name}\"].Idempotent says that it may be.")]
    public static partial void MethodNotIdempotent(this ILogger logger, string client, string method, string name, string why);

    [LoggerMessage(303, LogLevel.Warning, "The breaker of {Address} is open for {Seconds} s: too many of its requests failed.")]
    public static partial void BreakerOpened(this ILogger logger, string address, double seconds);

    [LoggerMessage(304, LogLevel.Information, "The breaker of {Address} is closed again.")]
    public static partial void BreakerClosed(this ILogger logger, string address);

    [LoggerMessage(400, LogLevel.Warning, "The process holds {Open} of its {Limit} descriptors. At {HighWaterMark} new connections of pooled clients begin to wait. Pooled connections: {Connections} of {Budget}, held by: {Holders}.")]
    public static partial void DescriptorsNearLimit(this ILogger logger, int open, int limit, int highWaterMark, int connections, int budget, string holders);

    [LoggerMessage(401, LogLevel.Error, "The process has run out of descriptors: {Open} of {Limit} are open. {Released} held in reserve were released, so that the runtime can go on. Pooled connections: {Connections} of {Budget}, held by: {Holders}.")]
    public static partial void DescriptorsExhausted(this ILogger logger, int open, int limit, int released, int connections, int budget, string holders);

    [LoggerMessage(402, LogLevel.Information, "The process holds {Open} of its {Limit} descriptors: there is room again.")]
    public static partial void DescriptorsRecovered(this ILogger logger, int open, int limit);

    [LoggerMessage(403, LogLevel.Warning, "Connecting to {Address} failed because the process had no descriptor left, whatever the error says. It is tried again until no call waits for it.")]
    public static partial void ConnectOutOfDescriptors(this ILogger logger, string address, Exception exception);

    [LoggerMessage(404, LogLevel.Information, "The connections to {Address} (generation {Generation}) are replaced: {Reason}. Calls in flight finish on them.")]
    public static partial void GenerationReplaced(this ILogger logger, string address, int generation, string reason);

    [LoggerMessage(405, LogLevel.Error, "Watching the process's descriptors failed; the next look comes on time.")]
    public static partial void DescriptorWatchFailed(this ILogger logger, Exception exception);

    [LoggerMessage(406, LogLevel.Debug, "What {What} need could not be loaded ahead; it will be loaded when it is needed.")]
    public static partial void PreloadFailed(this ILogger logger, string what, Exception exception);

    [LoggerMessage(407, LogLevel.Debug, "The {Connections} idle connections to {Address} (generation {Generation}) are closed: others wait for room.")]
    public static partial void PoolReclaimed(this ILogger logger, string address, int connections, int generation);

    [LoggerMessage(460, LogLevel.Warning, "The service config of pooled client {Client}: {Note}.")]
    public static partial void ServiceConfigNote(this ILogger logger, string client, string note);

    [LoggerMessage(480, LogLevel.Information, "A change of trust or identity that could not be handed on is in use now.")]
    public static partial void TrustHandedOn(this ILogger logger);

    [LoggerMessage(501, LogLevel.Information, "Trusting {Count} certificates of CA file {Path}: {Thumbprints}.")]
    public static partial void TrustLoaded(this ILogger logger, int count, string path, string thumbprints);

    [LoggerMessage(502, LogLevel.Information, "CA file {Path} changed: {OldCount} certificates before, {Count} now; came: {Added}; went: {Removed}.")]
    public static partial void TrustChanged(this ILogger logger, string path, int oldCount, int count, string added, string removed);

    [LoggerMessage(503, LogLevel.Warning, "CA file {Path} changed and cannot be used; the {Count} certificates read last stay in use: {Reason}.")]
    public static partial void TrustChangeRefused(this ILogger logger, string path, int count, string reason);

    [LoggerMessage(504, LogLevel.Information, "CA file {Path} holds again the certificates that are in use.")]
    public static partial void TrustRestored(this ILogger logger, string path);

    [LoggerMessage(505, LogLevel.Information, "Identifying as {Subject}, certificate {Thumbprint}, valid until {NotAfter:u}, of {Path}.")]
    public static partial void IdentityLoaded(this ILogger logger, string subject, string thumbprint, DateTime notAfter, string path);

    [LoggerMessage(506, LogLevel.Information, "Client certificate {Path} changed: identifying as {Subject}, certificate {Thumbprint}, valid until {NotAfter:u}, instead of {OldThumbprint}.")]
    public static partial void IdentityChanged(this ILogger logger, string path, string subject, string thumbprint, DateTime notAfter, string oldThumbprint);

    [LoggerMessage(507, LogLevel.Warning, "Client certificate {Path} or its key changed and cannot be used; certificate {Thumbprint} stays in use: {Reason}.")]
    public static partial void IdentityChangeRefused(this ILogger logger, string path, string thumbprint, string reason);

    [LoggerMessage(490, LogLevel.Information, "Pooled gRPC client {Client} leaves the pool: its calls go to {Handler}, which was set as its primary handler. Its connections, trust, retries and the descriptor budget are not the library's.")]
    public static partial void LeftThePool(this ILogger logger, string client, string handler);

    [LoggerMessage(491, LogLevel.Warning, "The configuration has a key that means nothing. {Key}")]
    public static partial void UnknownKey(this ILogger logger, string key);

    [LoggerMessage(492, LogLevel.Information, "ConfigureHttpClientDefaults gave all HTTP clients {Parts}; pooled gRPC clients ({Clients}) are no HTTP clients and take none of it. Their deadlines, retries and breakers are options of their own; what adds headers is an interceptor or AddHttpMessageHandler.")]
    public static partial void HttpClientDefaultsIgnored(this ILogger logger, string parts, string clients);

    [LoggerMessage(493, LogLevel.Warning, "Pooled HTTP client {Client} sets HttpClient.Timeout to {Timeout}, but its deadline of {Deadline} comes first, and covers a buffered body too. Set Deadline; what is read as a stream has StreamingDeadline and IdleReadTimeout instead.")]
    public static partial void TimeoutAboveDeadline(this ILogger logger, string client, string timeout, TimeSpan deadline);

    [LoggerMessage(494, LogLevel.Warning, "Pooled HTTP client {Client} sets its handler's lifetime to {Lifetime}, which has no effect: the handler lives for ever, and its connections for Connection:Lifetime. Set that, or leave SetHandlerLifetime out.")]
    public static partial void HandlerLifetimeIgnored(this ILogger logger, string client, TimeSpan lifetime);

    [LoggerMessage(508, LogLevel.Information, "Client certificate {Path} holds again certificate {Thumbprint}, which is in use.")]
    public static partial void IdentityRestored(this ILogger logger, string path, string thumbprint);

    [LoggerMessage(509, LogLevel.Error, "Looking at the CA files and client certificates failed; the next look comes on time.")]
    public static partial void TrustPollFailed(this ILogger logger, Exception exception);

    [LoggerMessage(510, LogLevel.Error, "A change of trust or identity could not be handed on; it is tried again every five seconds, and until then some connections use what was read before.")]
    public static partial void TrustCallbackFailed(this ILogger logger, Exception exception);

    [LoggerMessage(511, LogLevel.Warning, "{Use} certificate {Subject} ({Thumbprint}, {Source}) expires in {Remaining}, at {NotAfter:u}: renew it.")]
    public static partial void CertificateExpiresSoon(this ILogger logger, string use, string subject, string thumbprint, string source, string remaining, DateTimeOffset notAfter);

    [LoggerMessage(512, LogLevel.Warning, "{Use} certificate {Subject} ({Thumbprint}, {Source}) expired at {NotAfter:u}.")]
    public static partial void CertificateExpired(this ILogger logger, string use, string subject, string thumbprint, string source, DateTimeOffset notAfter);

    [LoggerMessage(408, LogLevel.Debug, "{Address}: one more connection is dialed: {Dials}. {Decision}.")]
    public static partial void ConnectionDecision(this ILogger logger, string address, bool dials, string decision);

    [LoggerMessage(409, LogLevel.Debug, "A connection to {Address} takes no new call: {Reason}. {Calls} are still on it.")]
    public static partial void ConnectionRetired(this ILogger logger, string address, string reason, int calls);

    [LoggerMessage(410, LogLevel.Warning, "A connection to {Address} that takes no new call is kept open for {Seconds:0} s by {Calls} calls. It closes with them, or after an hour.")]
    public static partial void RetiredConnectionHeld(this ILogger logger, string address, int calls, double seconds);

    [LoggerMessage(513, LogLevel.Warning, "{Address} cannot be reached: {Reason}")]
    public static partial void AddressUnreachable(this ILogger logger, string address, string reason);

    [LoggerMessage(514, LogLevel.Information, "{Address} can be reached again, after {Seconds:0.###} s and {Failures} failed tries.")]
    public static partial void AddressReachable(this ILogger logger, string address, double seconds, long failures);

    [LoggerMessage(515, LogLevel.Debug, "Connection {Connection} to {Address} ({RemoteEndPoint}) is open.")]
    public static partial void ConnectionOpened(this ILogger logger, long connection, string address, string? remoteEndPoint);

    [LoggerMessage(516, LogLevel.Debug, "Connection {Connection} to {Address} is closed after {Seconds:0.###} s: {Reason}.")]
    public static partial void ConnectionClosed(this ILogger logger, long connection, string address, double seconds, string reason);

    [LoggerMessage(517, LogLevel.Warning, "A connect to {Address} has waited for over {Seconds:0.#} s for a place in the budget: pooled connections {Connections} of {Budget}, descriptors {Open} of {Limit}, held by: {Holders}.")]
    public static partial void ConnectWaitsForBudget(this ILogger logger, string address, double seconds, int connections, int budget, int open, int? limit, string holders);

    [LoggerMessage(518, LogLevel.Warning, "The retry budget of {Address} is spent: calls that fail are not tried again until it has filled up.")]
    public static partial void RetryBudgetSpent(this ILogger logger, string address);

    [LoggerMessage(519, LogLevel.Warning, "Calls to {Address} wait behind the limit of {Limit} in flight: one has waited for {Seconds:0.#} s, {Waiting} wait now.")]
    public static partial void CallsWaitForAdmission(this ILogger logger, string address, int limit, double seconds, int waiting);

    [LoggerMessage(600, LogLevel.Debug, "A request to {Address} that was provably not processed is sent again: {Reason}")]
    public static partial void RequestSentAgain(this ILogger logger, string address, string reason);

    [LoggerMessage(601, LogLevel.Warning, "Nobody reads the response of streaming call {Method} to {Address}, open for {Seconds:0} s, made by {CallSite}. Read it to its end or dispose the call: until then it holds a stream of a connection.")]
    public static partial void StreamHeld(this ILogger logger, string method, string address, double seconds, string callSite);

    [LoggerMessage(602, LogLevel.Warning, "Streaming call {Method} to {Address} was collected {Seconds:0} s after it began; it was neither read or written to its end nor disposed. Made by {CallSite}.")]
    public static partial void StreamCollected(this ILogger logger, string method, string address, double seconds, string callSite);

    [LoggerMessage(550, LogLevel.Information, "{Endpoint} joined the endpoints of {Service}.")]
    public static partial void EndpointJoined(this ILogger logger, string service, object endpoint);

    [LoggerMessage(551, LogLevel.Information, "{Endpoint} left the endpoints of {Service}: it takes no new call, and those on it finish.")]
    public static partial void EndpointLeft(this ILogger logger, string service, object endpoint);

    [LoggerMessage(552, LogLevel.Warning, "Endpoint {Endpoint} of {Service} fails calls: it is left out for {Seconds:0.#} s.")]
    public static partial void EndpointEjected(this ILogger logger, string service, object endpoint, double seconds);

    [LoggerMessage(553, LogLevel.Information, "Endpoint {Endpoint} of {Service} answers again and takes calls.")]
    public static partial void EndpointBack(this ILogger logger, string service, object endpoint);

    [LoggerMessage(555, LogLevel.Information, "{Host} has {Count} addresses, and is one endpoint: connections go to the first that answers. If they are servers of their own, Endpoints:Resolver Dns uses them all.")]
    public static partial void SeveralAddresses(this ILogger logger, string host, int count);

    [LoggerMessage(556, LogLevel.Warning, "The service config that came with the endpoints of {Client} is not taken: {Reason}")]
    public static partial void ServiceConfigNotTaken(this ILogger logger, string client, string reason);

    [LoggerMessage(554, LogLevel.Warning, "The endpoints of {Service} could not be looked up: {Reason} The {Known} that are known stay in use.")]
    public static partial void EndpointsNotResolved(this ILogger logger, string service, string reason, int known);
}
