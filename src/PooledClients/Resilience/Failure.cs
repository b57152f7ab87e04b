using Grpc.Core;

namespace PooledClients.Resilience;

/// <summary>What one failure means, for everybody who acts on it: sending again, retries, the breaker, the status and the words.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Owner">Whose fault it is.</param>
/// <param name="MayBeProcessed">Whether the server may have processed the request. No only where that is proven.</param>
/// <param name="Transparent">Whether it may be sent again whatever its method.</param>
/// <param name="IsTransient">Whether another attempt may mend it, where the method may be processed twice: what a policy of ours retries.</param>
/// <param name="Breaker">What it says about the server.</param>
/// <param name="Status">What it is to a gRPC call.</param>
internal sealed record Failure(
    FailureKind Kind, FaultOwner Owner, bool MayBeProcessed, TransparentRetry Transparent, bool IsTransient, RequestOutcome Breaker, StatusCode Status)
{
    // The one table of what follows from what; docs/deadlines-and-retries.md shows it.
    private static readonly Failure[] Table = Index(
        Caller(FailureKind.Cancelled, StatusCode.Cancelled, mayBeProcessed: true),
        Caller(FailureKind.DeadlinePassed, StatusCode.DeadlineExceeded, mayBeProcessed: true),
        Caller(FailureKind.MessageUnwritable, StatusCode.ResourceExhausted, mayBeProcessed: false),
        Own(FailureKind.RequestHeadersTooLarge, StatusCode.ResourceExhausted, mayBeProcessed: false),
        Own(FailureKind.ResponseHeadersTooLarge, StatusCode.ResourceExhausted, mayBeProcessed: true),
        Own(FailureKind.OutOfDescriptors, StatusCode.Unavailable, mayBeProcessed: false),
        Own(FailureKind.BudgetSpent, StatusCode.ResourceExhausted, mayBeProcessed: false),
        Own(FailureKind.Starved, StatusCode.Unavailable, mayBeProcessed: false),
        Own(FailureKind.Disposed, StatusCode.Unavailable, mayBeProcessed: true),
        Own(FailureKind.BreakerOpen, StatusCode.Unavailable, mayBeProcessed: false),
        new(FailureKind.Untrusted, FaultOwner.Trust, false, TransparentRetry.None, false, RequestOutcome.Ignored, StatusCode.Unavailable),
        Unprocessed(FailureKind.ConnectFailed, FaultOwner.Network, TransparentRetry.None, RequestOutcome.Failed),
        new(FailureKind.WrongProtocol, FaultOwner.Server, false, TransparentRetry.None, false, RequestOutcome.Ignored, StatusCode.Unavailable),
        Unprocessed(FailureKind.NeverCameUp, FaultOwner.Network, TransparentRetry.Paced, RequestOutcome.Failed),
        Unprocessed(FailureKind.NeverSent, FaultOwner.Network, TransparentRetry.AtOnce, RequestOutcome.Failed),
        Unprocessed(FailureKind.StreamRefused, FaultOwner.Server, TransparentRetry.Paced, RequestOutcome.Failed),
        Unprocessed(FailureKind.AboveLastStream, FaultOwner.Server, TransparentRetry.Paced, RequestOutcome.Failed),
        Lost(FailureKind.ConnectionLost, FaultOwner.Network, StatusCode.Unavailable),
        Lost(FailureKind.ProtocolBroken, FaultOwner.Server, StatusCode.Unavailable),
        Lost(FailureKind.StreamReset, FaultOwner.Server, StatusCode.Internal),
        Lost(FailureKind.AnswerInvalid, FaultOwner.Server, StatusCode.Unavailable) with { IsTransient = false },
        Lost(FailureKind.SaidUnavailable, FaultOwner.Server, StatusCode.Unavailable),
        new(FailureKind.SaidError, FaultOwner.Server, true, TransparentRetry.None, false, RequestOutcome.Answered, StatusCode.Unknown),
        Caller(FailureKind.Unknown, StatusCode.Internal, mayBeProcessed: true));

    // RFC 9113's error codes in gRPC's words ("gRPC over HTTP/2", Errors). A code that is no failure of the server's says so too: it answered.
    private static readonly Failure ResetByCancel = Of(FailureKind.StreamReset) with { IsTransient = false, Status = StatusCode.Cancelled };
    private static readonly Failure ResetByCalm = Of(FailureKind.StreamReset) with { IsTransient = false, Status = StatusCode.ResourceExhausted };
    private static readonly Failure ResetBySecurity = Of(FailureKind.StreamReset) with { IsTransient = false, Status = StatusCode.PermissionDenied };
    private static readonly Failure ResetForGood = Of(FailureKind.StreamReset) with { IsTransient = false };

    /// <summary>Whether no connection came about: who spaces dials leaves it to that, which is over sooner than a break.</summary>
    public bool IsConnect => Kind is FailureKind.ConnectFailed or FailureKind.WrongProtocol or FailureKind.Untrusted or FailureKind.NeverCameUp
        or FailureKind.OutOfDescriptors or FailureKind.BudgetSpent or FailureKind.Starved;

    public static Failure Of(FailureKind kind) => Table[(int)kind];

    /// <summary>What the reset of a stream means, by its error code.</summary>
    public static Failure OfReset(long code) => code switch
    {
        Http2Error.RefusedStream => Of(FailureKind.StreamRefused),
        Http2Error.Cancel => ResetByCancel,
        Http2Error.EnhanceYourCalm => ResetByCalm,
        Http2Error.InadequateSecurity => ResetBySecurity,
        Http2Error.FrameSizeError or Http2Error.CompressionError or Http2Error.Http11Required => ResetForGood,
        _ => Of(FailureKind.StreamReset),
    };

    private static Failure Caller(FailureKind kind, StatusCode status, bool mayBeProcessed) =>
        new(kind, FaultOwner.Caller, mayBeProcessed, TransparentRetry.None, false, RequestOutcome.Ignored, status);

    private static Failure Own(FailureKind kind, StatusCode status, bool mayBeProcessed) =>
        new(kind, FaultOwner.Process, mayBeProcessed, TransparentRetry.None, false, RequestOutcome.Ignored, status);

    private static Failure Unprocessed(FailureKind kind, FaultOwner owner, TransparentRetry transparent, RequestOutcome breaker) =>
        new(kind, owner, false, transparent, true, breaker, StatusCode.Unavailable);

    private static Failure Lost(FailureKind kind, FaultOwner owner, StatusCode status) =>
        new(kind, owner, true, TransparentRetry.None, true, RequestOutcome.Failed, status);

    private static Failure[] Index(params Failure[] failures)
    {
        var table = new Failure[failures.Length];
        foreach (var failure in failures)
        {
            table[(int)failure.Kind] = failure;
        }

        return table;
    }
}
