namespace PooledClients.Connections.Wire.Frames;

/// <summary>Told of the bytes that have arrived on an HTTP/2 connection, in order.</summary>
internal interface IEndedStreams
{
    /// <summary>Takes bytes that have arrived.</summary>
    /// <returns>How many streams the server has ended in them.</returns>
    int Received(ReadOnlySpan<byte> bytes);

    /// <summary>Nothing more will arrive.</summary>
    /// <returns>How the runtime is to see the end; none where it is to see no more than that.</returns>
    Exception? End();
}
