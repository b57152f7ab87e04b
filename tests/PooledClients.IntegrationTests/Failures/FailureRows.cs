using System.Globalization;
using Grpc.Core;
using PooledClients.Resilience;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>The causes that the table is walked by, each with its peer.</summary>
internal static class FailureRows
{
    public static readonly IReadOnlyDictionary<string, FailureRow> All =
        Resets().Concat(GoneAway()).Concat(NotSeen()).Concat(Statuses()).Concat(Connections()).Concat(Limits()).Concat(OfTheCaller()).Concat(OwnFailures.All).Concat(Begun()).Concat(Unreadable()).ToDictionary(row => row.Cause);

    private static IEnumerable<FailureRow> Resets() =>
        from code in Enum.GetValues<ErrorCode>()
        select new FailureRow(
            $"RST_STREAM {code}",
            Frames((connection, request) => connection.SendResetAsync(request.StreamId, code)),
            Failure.OfReset((long)code),
            code == ErrorCode.RefusedStream ? "was not processed" : NameOf(code));

    private static IEnumerable<FailureRow> GoneAway() =>
        from code in Enum.GetValues<ErrorCode>()
        select FailureRow.Of(
            $"GOAWAY {code} after the request, then closed",
            Frames(async (connection, _) =>
            {
                await connection.SendGoAwayAsync(int.MaxValue, code);
                connection.HalfClose();
            }),
            code == ErrorCode.Http11Required ? FailureKind.WrongProtocol : FailureKind.ConnectionLost,
            code == ErrorCode.Http11Required ? "speaks HTTP/1.1 only" : "ended before the response");

    private static IEnumerable<FailureRow> NotSeen() =>
        from code in (ErrorCode[])[ErrorCode.NoError, ErrorCode.InternalError]
        select FailureRow.Of(
            $"GOAWAY {code} that has not seen the request",
            Frames(async (connection, _) =>
            {
                await connection.SendGoAwayAsync(0, code);
                connection.HalfClose();
            }),
            FailureKind.AboveLastStream,
            "was not processed");

    private static IEnumerable<FailureRow> Statuses() =>
        from status in Enum.GetValues<StatusCode>()
        where status != StatusCode.OK
        select FailureRow.Of(
            $"the server says {status}",
            Frames((connection, request) => connection.SendRefusalAsync(request.StreamId, ((int)status).ToString(CultureInfo.InvariantCulture))),
            status == StatusCode.Unavailable ? FailureKind.SaidUnavailable : FailureKind.SaidError,
            string.Empty,
            status);

    private static IEnumerable<FailureRow> Connections() =>
    [
        FailureRow.Of("closed after the request", Frames(static (connection, _) => Do(connection.HalfClose)), FailureKind.ConnectionLost, "ended before the response"),
        FailureRow.Of("closed after the request, over TLS", Frames(static (connection, _) => Do(connection.Close), tls: true), FailureKind.ConnectionLost, "ended before the response"),
        FailureRow.Of("cut by TCP after the request", Frames(static (connection, _) => Do(connection.Cut)), FailureKind.ConnectionLost, "ended before the response"),
        FailureRow.Of("cut by TCP after the request, over TLS", Frames(static (connection, _) => Do(connection.Cut), tls: true), FailureKind.ConnectionLost, "ended before the response"),
        FailureRow.Of(
            "a frame cut off in the middle",
            Frames(static async (connection, request) =>
            {
                await connection.SendHeadersAsync(request.StreamId, endHeaders: false);
                connection.HalfClose();
            }),
            FailureKind.ConnectionLost,
            "ended before the response"),
        FailureRow.Of(
            "DATA on stream 0",
            Frames(static (connection, _) => connection.SendFrameAsync(FrameType.Data, FrameFlags.None, 0, [1])),
            FailureKind.ProtocolBroken,
            "ended before the response"),
        FailureRow.Of("a status that is no number", Frames(static (connection, request) => SendInvalidAsync(connection, request)), FailureKind.AnswerInvalid, "makes no sense"),
        FailureRow.Of("closed before SETTINGS", Connected(static connection => connection.HalfClose()), FailureKind.NeverCameUp, "before the server had begun to speak HTTP/2"),

        // The connect itself may see the cut.
        FailureRow.Of("cut before SETTINGS", Connected(static connection => connection.Cut()), FailureKind.NeverCameUp, "onnection to"),
        FailureRow.Of("closed before SETTINGS, over TLS", Connected(static connection => connection.Close(), tls: true), FailureKind.NeverCameUp, "before the server had begun to speak HTTP/2"),
        FailureRow.Of("nobody listens", static _ => Task.FromResult(FailurePeer.Nobody()), FailureKind.ConnectFailed, "No connection to"),
        FailureRow.Of("a certificate of another authority", static _ => Task.FromResult(FailurePeer.Untrusted()), FailureKind.Untrusted, "do not trust each other"),
        FailureRow.Of("a server without HTTP/2", static _ => FailurePeer.Http1Async(), FailureKind.WrongProtocol, "(ALPN)"),
    ];

    private static IEnumerable<FailureRow> Limits() =>
    [
        FailureRow.Of("request headers over the server's limit", static _ => FailurePeer.SmallHeadersAsync(), FailureKind.RequestHeadersTooLarge, "32768"),
        FailureRow.Of("response headers over this client's limit", Frames(static (connection, request) => SendLargeHeadersAsync(connection, request)), FailureKind.ResponseHeadersTooLarge, "65536"),
        FailureRow.Of("response headers over this client's limit, over TLS", Frames(static (connection, request) => SendLargeHeadersAsync(connection, request), tls: true), FailureKind.ResponseHeadersTooLarge, "65536"),
    ];

    private static IEnumerable<FailureRow> OfTheCaller() =>
    [
        FailureRow.Of(
            "the deadline passes", static streams => Task.FromResult(FailurePeer.Silent(streams, deadline: TimeSpan.FromMilliseconds(300))), FailureKind.DeadlinePassed, "reached its deadline"),
        FailureRow.Of("the caller cancels", static streams => Task.FromResult(FailurePeer.Silent(streams, cancelled: TimeSpan.FromMilliseconds(300))), FailureKind.Cancelled, string.Empty),
        FailureRow.Of("a message over the client's limit", static streams => Task.FromResult(FailurePeer.Silent(streams, length: 200_000)), FailureKind.MessageUnwritable, "message"),
    ];

    // The channel has the same status for it as for a lost connection.
    private static IEnumerable<FailureRow> Unreadable() =>
    [
        new FailureRow(
            "an answer that is no such message",
            Frames(static async (connection, request) =>
            {
                await connection.SendHeadersAsync(request.StreamId);
                await connection.SendFrameAsync(FrameType.Data, FrameFlags.None, request.StreamId, [0, 0, 0, 0, 1, 0xff]);
                await connection.SendTrailersAsync(request.StreamId);
            }),
            Failure.Of(FailureKind.Unknown) with { Status = StatusCode.Unavailable },
            "InvalidProtocolBufferException"),
    ];

    // A response that may bring a message has answered, and is the call's: it is not tried again, and says nothing against the server. Where the
    // connection ends with it the runtime may tell of that first, and of no response.
    private static IEnumerable<FailureRow> Begun()
    {
        var endings = new (string How, Func<RawHttp2Connection, int, Task> End, Failure Failure)[]
        {
            ("RST_STREAM InternalError", static (connection, id) => connection.SendResetAsync(id, ErrorCode.InternalError), Failure.OfReset((long)ErrorCode.InternalError)),
            ("RST_STREAM Cancel", static (connection, id) => connection.SendResetAsync(id, ErrorCode.Cancel), Failure.OfReset((long)ErrorCode.Cancel)),
            ("RST_STREAM EnhanceYourCalm", static (connection, id) => connection.SendResetAsync(id, ErrorCode.EnhanceYourCalm), Failure.OfReset((long)ErrorCode.EnhanceYourCalm)),
        };
        return from ending in endings
               select new FailureRow(
                   $"headers, then {ending.How}",
                   Frames(async (connection, request) =>
                   {
                       await connection.SendHeadersAsync(request.StreamId);
                       await ending.End(connection, request.StreamId);
                   }),
                   ending.Failure with { IsTransient = false, Breaker = RequestOutcome.Answered },
                   string.Empty);
    }

    private static Task SendInvalidAsync(RawHttp2Connection connection, RawRequest request) => connection.SendFrameAsync(
        FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, request.StreamId, Hpack.Encode([(":status", "abc")]));

    private static Task SendLargeHeadersAsync(RawHttp2Connection connection, RawRequest request)
    {
        const int Part = 15_000;
        return connection.SendHeadersAsync(
            request.StreamId,
            [Hpack.Encode([(":status", "200"), ("content-type", "application/grpc")]), .. Enumerable.Range(0, 6).Select(static i => Hpack.Encode([($"x-{i}", new string('x', Part))]))]);
    }

    private static Func<int, Task<FailurePeer>> Frames(Func<RawHttp2Connection, RawRequest, Task> answer, bool tls = false) =>
        streams => Task.FromResult(FailurePeer.OfFrames(streams, answer, tls));

    private static Func<int, Task<FailurePeer>> Connected(Action<RawHttp2Connection> accepted, bool tls = false) =>
        _ => Task.FromResult(FailurePeer.OfConnections(accepted, tls));

    private static Task Do(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    private static string NameOf(ErrorCode code) => code == ErrorCode.Http11Required
        ? "HTTP_1_1_REQUIRED"
        : string.Concat(code.ToString().Select(static (letter, i) => i > 0 && char.IsAsciiLetterUpper(letter) ? "_" + letter : char.ToUpperInvariant(letter).ToString()));
}
