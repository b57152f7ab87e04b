using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Wire;
using PooledClients.Resilience;

namespace PooledClients.Tests.Resilience;

/// <summary>The judge, by what may reach it; the integration tests have real peers produce it.</summary>
public sealed class FailureClassifierTests
{
    private const string Aborted = "net_http_request_aborted";

    public static TheoryData<string, Exception, string> Causes => new()
    {
        { "cancelled", new OperationCanceledException(), "Cancelled" },
        { "cancelled while it was read", new TaskCanceledException("", new IOException("", new SocketException((int)SocketError.OperationAborted))), "Cancelled" },
        { "deadline of ours", new RpcException(new Status(StatusCode.DeadlineExceeded, "", new OperationCanceledException())), "DeadlinePassed" },
        { "budget", new HttpRequestException("", new ConnectionBudgetException("spent")), "BudgetSpent" },
        { "budget in a cancellation", new OperationCanceledException("", new ConnectionBudgetException("spent")), "BudgetSpent" },
        { "descriptors", new HttpRequestException(HttpRequestError.ConnectionError, "", new SocketException(24)), "OutOfDescriptors" },
        { "starved", new HttpRequestException(HttpRequestError.ConnectionError, "", Timeout(lateMilliseconds: 300)), "Starved" },
        { "connect timeout", new HttpRequestException(HttpRequestError.ConnectionError, "", Timeout(lateMilliseconds: 10)), "ConnectFailed" },
        { "handler's connect timeout", new TaskCanceledException("", new TimeoutException()), "ConnectFailed" },
        { "disposed", new ObjectDisposedException(typeof(SocketsHttpHandler).FullName), "Disposed" },
        { "disposed pool", new HttpRequestException("", new ObjectDisposedException(typeof(IGrpcChannelPool).FullName)), "Disposed" },
        { "a stream disposed by its end", new HttpRequestException("", new ObjectDisposedException("System.Net.Security.SslStream")), "ConnectionLost" },
        { "a flow that ended with its connection", new HttpRequestException("", new ObjectDisposedException("CreditManager:Http2Connection:_connectionWindow")), "ConnectionLost" },
        { "a source that is disposed", new HttpRequestException("", new ObjectDisposedException("HttpRequestStream")), "Unknown" },
        { "a message that is disposed", new ObjectDisposedException("JsonDocument"), "Unknown" },
        { "before SETTINGS, seen by a write", new HttpRequestException("", new EndedBeforeSettingsException(new ObjectDisposedException("SslStream"))), "NeverCameUp" },
        { "before SETTINGS, asked for all the same", new EndedBeforeSettingsException(new IOException(), mayBeProcessed: true), "NeverCameUp" },
        { "refused, and not sent again by the runtime", new HttpRequestException("", new StreamRefusedException()), "StreamRefused" },
        { "the host is stopping", new RpcException(new Status(StatusCode.Unavailable, "", new ObjectDisposedException(typeof(IGrpcChannelPool).FullName))), "Disposed" },
        { "no endpoint", new RpcException(new Status(StatusCode.Unavailable, "", new HttpRequestException(HttpRequestError.NameResolutionError, ""))), "ConnectFailed" },
        { "breaker", new RpcException(new Status(StatusCode.Unavailable, "", new BreakerOpenException("a", "now", default))), "BreakerOpen" },
        { "untrusted", new HttpRequestException(HttpRequestError.SecureConnectionError, "", new AuthenticationException()), "Untrusted" },
        { "identity refused", new EndedBeforeSettingsException(new IdentityRefusedException("", null)), "Untrusted" },
        { "refused", new HttpRequestException(HttpRequestError.ConnectionError, "", new SocketException((int)SocketError.ConnectionRefused)), "ConnectFailed" },
        { "no name", new HttpRequestException(HttpRequestError.NameResolutionError, "", new SocketException((int)SocketError.HostNotFound)), "ConnectFailed" },
        { "no HTTP/2", new HttpRequestException(HttpRequestError.VersionNegotiationError, ""), "WrongProtocol" },
        { "wanted another connection", new HttpRequestException("", new ConnectionOverException("a")), "NeverSent" },
        { "before SETTINGS", new HttpRequestException("", new EndedBeforeSettingsException(null)), "NeverCameUp" },
        { "before SETTINGS, by key", new HttpRequestException("net_http_http2_connection_not_established"), "NeverCameUp" },
        { "before SETTINGS, as the runtime has it", new HttpRequestException(HttpRequestError.InvalidResponse, "net_http_http2_connection_not_established"), "NeverCameUp" },
        { "shut down, by key", new HttpRequestException("net_http_server_shutdown"), "NeverSent" },
        { "refused stream", Protocol(7, "net_http_http2_stream_error"), "StreamRefused" },
        { "refused stream, given up", new HttpRequestException(Aborted, Protocol(7, "net_http_http2_stream_error")), "StreamRefused" },
        { "above the last id", new HttpRequestException(Aborted, Protocol(0, "net_http_http2_connection_close")), "AboveLastStream" },
        { "gone away", new HttpRequestException(HttpRequestError.HttpProtocolError, "", Protocol(0, "net_http_http2_connection_close, NO_ERROR, 0")), "ConnectionLost" },
        { "gone away, in words", Protocol(0, "The HTTP/2 server closed the connection. HTTP/2 error code 'NO_ERROR' (0x0)."), "ConnectionLost" },
        { "broken protocol", Protocol(1, "net_http_http2_connection_error, PROTOCOL_ERROR, 1"), "ProtocolBroken" },
        { "reset stream", Protocol(2, "net_http_http2_stream_error, INTERNAL_ERROR, 2"), "StreamReset" },
        { "end of file", new HttpRequestException(HttpRequestError.ResponseEnded, "", new HttpIOException(HttpRequestError.ResponseEnded)), "ConnectionLost" },
        { "connection reset", new HttpRequestException("", new IOException("", new SocketException((int)SocketError.ConnectionReset))), "ConnectionLost" },
        { "request headers", new HttpRequestException("net_http_request_headers_exceeded_length, 32768"), "RequestHeadersTooLarge" },
        { "response headers", new HttpRequestException("", new IOException("", new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded, ""))), "ResponseHeadersTooLarge" },
        { "invalid answer", new HttpRequestException(HttpRequestError.InvalidResponse, ""), "AnswerInvalid" },
        { "said unavailable", new RpcException(new Status(StatusCode.Unavailable, "")), "SaidUnavailable" },
        { "said not found", new RpcException(new Status(StatusCode.NotFound, "")), "SaidError" },
        { "lost, as the channel tells it", new RpcException(new Status(StatusCode.Internal, "", new IOException())), "ConnectionLost" },
        { "unreadable, as the channel tells it", new RpcException(new Status(StatusCode.Unavailable, "", new IOException { Source = "Google.Protobuf" })), "Unknown" },
        { "reset by cancel", new RpcException(new Status(StatusCode.Cancelled, "", Protocol(8, "net_http_http2_stream_error"))), "StreamReset" },
        { "of the application", new InvalidOperationException(), "Unknown" },
    };

    public static TheoryData<string> Kinds => [.. Enum.GetNames<FailureKind>()];

    [Theory]
    [MemberData(nameof(Causes), DisableDiscoveryEnumeration = true)]
    public void Classify_Exception_TellsTheKind(string cause, Exception exception, string expected) =>
        Assert.True(FailureClassifier.Classify(exception).Kind.ToString() == expected, $"{cause}: {FailureClassifier.Classify(exception)}");

    [Theory]
    [InlineData(0, StatusCode.Internal, true)]
    [InlineData(2, StatusCode.Internal, true)]
    [InlineData(6, StatusCode.Internal, false)]
    [InlineData(7, StatusCode.Unavailable, true)]
    [InlineData(8, StatusCode.Cancelled, false)]
    [InlineData(11, StatusCode.ResourceExhausted, false)]
    [InlineData(12, StatusCode.PermissionDenied, false)]
    public void OfReset_Code_HasItsStatus(long code, StatusCode status, bool transient) =>
        Assert.Equal((status, transient), (Failure.OfReset(code).Status, Failure.OfReset(code).IsTransient));

    [Fact]
    public void Classify_ContentNeverAskedFor_ProvesThatNothingWasProcessed()
    {
        var lost = new HttpRequestException("", new IOException());

        Assert.True(FailureClassifier.Classify(lost).MayBeProcessed);
        Assert.Equal(FailureKind.NeverSent, FailureClassifier.Classify(lost, ContentProgress.NeverAsked).Kind);
        Assert.Equal(FailureKind.Cancelled, FailureClassifier.Classify(new OperationCanceledException(), ContentProgress.NeverAsked).Kind);
        Assert.Equal(FailureKind.MessageUnwritable, FailureClassifier.Classify(lost, ContentProgress.Unwritable).Kind);
    }

    [Fact]
    public void Classify_EndedBeforeSettingsAndAsked_ProvesNothing()
    {
        Assert.False(FailureClassifier.Classify(new EndedBeforeSettingsException(null)).MayBeProcessed);

        var asked = FailureClassifier.Classify(new EndedBeforeSettingsException(null, mayBeProcessed: true));
        Assert.Equal((true, TransparentRetry.None, true), (asked.MayBeProcessed, asked.Transparent, asked.IsTransient));
    }

    // The runtime names the proxy that has refused a tunnel in full.
    [Theory]
    [InlineData("The proxy tunnel request to proxy 'http://svc:pw@proxy:3128/' failed with status code '407'.", "'http://proxy:3128/' failed")]
    [InlineData("http://svc:p@w@a, then https://b/c@d", "http://a, then https://b/c@d")]
    [InlineData("no address", "no address")]
    public void Describe_ProxyWithASecret_DoesNotPrintIt(string message, string expected)
    {
        var words = FailureClassifier.Describe(new HttpRequestException(HttpRequestError.ProxyTunnelError, message), FailureKind.ConnectFailed, "https://a");

        Assert.Contains(expected, words, StringComparison.Ordinal);
        Assert.DoesNotContain("svc", words, StringComparison.Ordinal);
    }

    // The rules that hold for every row of the table.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Of_EachKind_KeepsTheRules(string name)
    {
        var failure = Failure.Of(Enum.Parse<FailureKind>(name));

        Assert.Equal(name, failure.Kind.ToString());
        Assert.False(failure.MayBeProcessed && failure.Transparent != TransparentRetry.None, "Only what was provably not processed is sent again.");
        Assert.False(failure.Owner is FaultOwner.Caller or FaultOwner.Process or FaultOwner.Trust && failure.Breaker != RequestOutcome.Ignored, "Only the server's faults are its breaker's.");
        Assert.False(failure.Owner is FaultOwner.Caller or FaultOwner.Trust && failure.IsTransient, "Nobody else mends what is the caller's.");
        Assert.False(failure.Owner == FaultOwner.Network && failure.Status != StatusCode.Unavailable, "The network's status is Unavailable.");
    }

    [Fact]
    public void Docs_EachRow_IsOfAKind()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "deadlines-and-retries.md"))
            .SkipWhile(static line => !line.StartsWith("| failure |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(static line => line.StartsWith('|')).Select(static line => line.Split('`')[1]);

        Assert.Equal(Enum.GetNames<FailureKind>().Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Docs_EachKind_HaveItsRow(string name)
    {
        var failure = Failure.Of(Enum.Parse<FailureKind>(name));
        var row = File.ReadLines(Path.Combine(Repository.Root, "docs", "deadlines-and-retries.md"))
            .Single(line => line.StartsWith($"| `{name}` |", StringComparison.Ordinal)).Split(" | ");

        Assert.Equal(
            [
                failure.Owner.ToString(),
                failure.MayBeProcessed ? "yes" : "no",
                failure.Transparent switch { TransparentRetry.None => "no", TransparentRetry.AtOnce => "at once", _ => "paced" },
                failure.IsTransient ? "yes" : "no",
                failure.Breaker == RequestOutcome.Failed ? "yes" : "no",
                $"{failure.Status} |",
            ],
            row[2..]);
    }

    private static ConnectTimeoutException Timeout(double lateMilliseconds) =>
        new("a", TimeSpan.FromSeconds(5), "the TCP connect", TimeSpan.FromMilliseconds(lateMilliseconds));

    private static HttpProtocolException Protocol(long code, string message) => new(code, message, null);
}
