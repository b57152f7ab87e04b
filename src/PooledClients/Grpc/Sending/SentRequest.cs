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
internal struct SentRequest(HttpRequestMessage request, MethodType type)
{
    /// <summary>The request.</summary>
    public readonly HttpRequestMessage Request = request;

    /// <summary>What kind of method it calls.</summary>
    public readonly MethodType Type = type;

    /// <summary>Its message on the way of this attempt.</summary>
    public SentContent Content = Wrap(request, type);

    /// <summary>The endpoint that the attempt goes to, or the one before went to; none where the runtime picks the connection.</summary>
    public EndpointPool? Pool;

    /// <summary>What the attempt is given to.</summary>
    public ICallSender Sender = null!;

    /// <summary>When the attempt began, where there are several endpoints.</summary>
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

    private static SentContent Wrap(HttpRequestMessage request, MethodType type)
    {
        var content = new SentContent(request.Content!, isStream: type is MethodType.ClientStreaming or MethodType.DuplexStreaming);
        request.Content = content;
        return content;
    }
}
