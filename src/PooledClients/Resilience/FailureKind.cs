namespace PooledClients.Resilience;

/// <summary>What can go wrong with a request, as far as it makes a difference. What follows from each is in <see cref="Failure"/>'s table.</summary>
internal enum FailureKind
{
    /// <summary>The caller cancelled, or disposed the call.</summary>
    Cancelled,

    /// <summary>The call's deadline passed.</summary>
    DeadlinePassed,

    /// <summary>The message could not be written: it is too large, or its serialiser failed.</summary>
    MessageUnwritable,

    /// <summary>The request's headers are larger than the server allows.</summary>
    RequestHeadersTooLarge,

    /// <summary>The response's headers are larger than this client allows, which ends the connection.</summary>
    ResponseHeadersTooLarge,

    /// <summary>The process has no descriptor left.</summary>
    OutOfDescriptors,

    /// <summary>The budget of connections is spent.</summary>
    BudgetSpent,

    /// <summary>A connect ran out of its time because this process was short of time.</summary>
    Starved,

    /// <summary>The pool, or what it sends with, was disposed.</summary>
    Disposed,

    /// <summary>The address's breaker is open.</summary>
    BreakerOpen,

    /// <summary>The peers do not trust each other.</summary>
    Untrusted,

    /// <summary>No connection could be made.</summary>
    ConnectFailed,

    /// <summary>The server speaks, but not the version of HTTP that is needed.</summary>
    WrongProtocol,

    /// <summary>The connection ended before the server had begun to speak HTTP/2.</summary>
    NeverCameUp,

    /// <summary>The connection ended, or took no more, before it asked for the request's content.</summary>
    NeverSent,

    /// <summary>The server refused the stream (REFUSED_STREAM).</summary>
    StreamRefused,

    /// <summary>The server went away and had not seen the stream (above GOAWAY's last id).</summary>
    AboveLastStream,

    /// <summary>The connection ended under the request: closed, reset, gone away, silent to a ping.</summary>
    ConnectionLost,

    /// <summary>This side ended the connection because the server broke the protocol.</summary>
    ProtocolBroken,

    /// <summary>The server reset the stream.</summary>
    StreamReset,

    /// <summary>The answer's headers make no sense.</summary>
    AnswerInvalid,

    /// <summary>The server answered that it is unavailable, overloaded or broken.</summary>
    SaidUnavailable,

    /// <summary>The server answered with another error: an answer all the same.</summary>
    SaidError,

    /// <summary>Nothing of the above: an exception of the application's own, as from a handler or an interceptor.</summary>
    Unknown,
}
