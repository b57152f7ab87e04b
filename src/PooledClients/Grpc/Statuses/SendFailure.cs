using System.Net.Http;
using Grpc.Core;
using PooledClients.Connections.Wire.Frames;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Statuses;

/// <summary>What a failed send proves, in the words of the one who sends: each a question to the <see cref="FailureClassifier"/>.</summary>
internal static class SendFailure
{
    /// <summary>No connection could be made: nothing was sent.</summary>
    public static bool IsConnectFailure(Exception exception) =>
        KindOf(exception) is FailureKind.ConnectFailed or FailureKind.WrongProtocol or FailureKind.OutOfDescriptors or FailureKind.BudgetSpent or FailureKind.Starved;

    /// <summary>The server speaks, but not HTTP/2.</summary>
    public static bool IsWithoutHttp2(Exception exception) => KindOf(exception) == FailureKind.WrongProtocol;

    /// <summary>The peers do not trust each other, which trying again does not heal.</summary>
    public static bool IsTrustFailure(Exception exception) => KindOf(exception) == FailureKind.Untrusted;

    /// <summary>The transport failed, and not the message, which would fail again.</summary>
    public static bool IsTransportFailure(Exception exception) => exception is HttpRequestException or IOException or ObjectDisposedException;

    /// <summary>The server has refused the stream.</summary>
    public static bool IsRefused(Exception exception) => KindOf(exception) == FailureKind.StreamRefused;

    /// <summary>The server has reset the stream as one that is cancelled, as it does at a deadline.</summary>
    public static bool IsCancelledByServer(Exception exception) => FailureClassifier.Classify(exception) is { Kind: FailureKind.StreamReset, Status: StatusCode.Cancelled };

    /// <summary>The server has provably not processed the request.</summary>
    public static bool IsProvablyUnprocessed(Exception exception, bool wasAsked) =>
        FailureClassifier.Classify(exception, wasAsked ? ContentProgress.MaybeSent : ContentProgress.NeverAsked) is { MayBeProcessed: false, Transparent: not TransparentRetry.None };

    /// <summary>
    /// What a failed send is to the call, in the status (gRPC over HTTP/2, "Errors") and the words that the channel would have for it. A
    /// cancellation and what is no failure of a send stay as they are.
    /// </summary>
    public static Exception AsRpcException(Exception exception, string address = "The server")
    {
        if (exception is RpcException || !IsTransportFailure(exception))
        {
            return exception;
        }

        var failure = FailureClassifier.Classify(exception);
        return new RpcException(new Status(failure.Status, FailureClassifier.Describe(exception, failure.Kind, address), exception));
    }

    /// <summary>The status that the channel makes of a failed send.</summary>
    public static StatusCode StatusOf(Exception exception) => AsRpcException(exception) is RpcException failure ? failure.StatusCode : StatusCode.Internal;

    /// <summary>
    /// A failed send without the password of the proxy that failed it, whose address the runtime quotes: a status shows its cause to whoever logs
    /// it.
    /// </summary>
    public static Exception WithoutUserInfo(Exception exception) =>
        exception is HttpRequestException request && AddressText.WithoutUserInfo(request.Message) is var words && !ReferenceEquals(words, request.Message)
            ? new HttpRequestException(request.HttpRequestError, words, request.InnerException, request.StatusCode)
            : exception;

    /// <summary>The server has had enough: of pings, most often.</summary>
    public static bool IsEnhanceYourCalm(Exception exception) =>
        exception.Find<HttpProtocolException>() is { ErrorCode: Http2Error.EnhanceYourCalm } || exception.Find<WentAwayException>() is { ErrorCode: (int)Http2Error.EnhanceYourCalm };

    private static FailureKind KindOf(Exception exception) => FailureClassifier.Classify(exception).Kind;
}
