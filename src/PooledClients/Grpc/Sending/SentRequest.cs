using Grpc.Core;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Grpc.Messages;
using PooledClients.Grpc.Streams;

namespace PooledClients.Grpc.Sending;

/// <summary>
/// A request on its way, and how far its latest attempt has got. It lives in the one async method that a call passes through, and is handed on
/// by reference: a second such method, or an object, would cost each call a hundred bytes and more.
/// </summary>
/// <param name="request">The request.</param>
/// <param name="type">What kind of method it calls.</param>
/// <param name="isFurther">Whether it is a further attempt of its call.</param>
/// <param name="call">Cancelled when its call ends.</param>
internal struct SentRequest(HttpRequestMessage request, MethodType type, bool isFurther, CancellationToken call)
{
    /// <summary>The request.</summary>
    public readonly HttpRequestMessage Request = request;

    /// <summary>What kind of method it calls.</summary>
    public readonly MethodType Type = type;

    /// <summary>Whether it is a further attempt of its call.</summary>
    public readonly bool IsFurther = isFurther;

    /// <summary>Its message on the way of this attempt.</summary>
    public SentContent Content = Wrap(request, type, isFurther, call);

    /// <summary>The endpoint that the attempt goes to, or the one before went to; none where the runtime picks the connection.</summary>
    public EndpointPool? Pool;

    /// <summary>What the attempt is given to.</summary>
    public ICallSender Sender = null!;

    /// <summary>When the attempt began, where there are several endpoints, or where it is a further one of its call.</summary>
    public long StartedAt;

    /// <summary>What the attempt has come to.</summary>
    public EndpointOutcome Outcome;

    /// <summary>Whether it has waited, so that its server has to be told what is left of the time.</summary>
    public bool HasWaited;

    /// <summary>How often it was sent again.</summary>
    public int Resent;

    /// <summary>The stream that it opens and no response has taken over; none of a unary method.</summary>
    public OpenStream? Open;

    /// <summary>Why the attempt failed.</summary>
    public Exception? Cause;

    /// <summary>Whether its method is unary.</summary>
    public readonly bool IsUnary => Type == MethodType.Unary;

    /// <summary>Begins the next way of its message.</summary>
    public void SendAgain()
    {
        Content = Content.ForNextAttempt();
        Request.Content = Content;
        HasWaited = true;
        Resent++;
    }

    /// <summary>Holds its message back until the server of its connection has spoken.</summary>
    public void Hold(Task heard, TimeProvider timeProvider) => Request.Content = Content = Content.Held(new ContentHold(heard, timeProvider));

    private static SentContent Wrap(HttpRequestMessage request, MethodType type, bool isFurther, CancellationToken call)
    {
        var content = type is MethodType.ClientStreaming or MethodType.DuplexStreaming
            ? new SentMessages(request.Content!, call) { IsOnce = true }
            : new SentContent(request.Content!) { IsOnce = isFurther };
        request.Content = content;
        return content;
    }
}
