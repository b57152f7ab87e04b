namespace PooledClients.Grpc.Messages;

/// <summary>The runtime asked a second time for a stream of messages, which can be handed over once.</summary>
internal sealed class ContentSentException()
    : IOException("The connection ended after the stream of messages had begun; it cannot be sent again.");
