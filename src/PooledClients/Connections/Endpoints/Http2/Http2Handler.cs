using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>Has a handler of the runtime's speak over one connection, for as long as that lives.</summary>
internal static class Http2Handler
{
    /// <param name="handler">The handler, with what it was configured with.</param>
    /// <param name="address">Where the connection goes, as texts say it.</param>
    /// <param name="take">Gives the connection, once: the handler is refused any other.</param>
    /// <param name="observe">Follows what the handler reads and writes.</param>
    public static void Configure(SocketsHttpHandler handler, string address, Func<Stream?> take, Func<Stream, Stream> observe)
    {
        handler.EnableMultipleHttp2Connections = false;
        handler.PooledConnectionLifetime = Timeout.InfiniteTimeSpan;
        handler.PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan;
        handler.UseProxy = false;
        handler.ConnectCallback = (_, _) => take() is { } ready ? new ValueTask<Stream>(ready) : ValueTask.FromException<Stream>(new ConnectionOverException(address));
        var filter = handler.PlaintextStreamFilter;
        handler.PlaintextStreamFilter = filter is null
            ? (context, _) => new(observe(context.PlaintextStream))
            : async (context, cancellationToken) => observe(await filter(context, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Follows what a handler reads and writes of a connection.</summary>
    public static Stream Observe(Stream plaintext, PooledStream stream, ConnectionFrames frames, Func<int> inFlight, Func<int> atHand)
    {
        var answered = stream.Handshake is { ShowsIdentity: true } ? new AnswerStream(plaintext, stream) : plaintext;
        return new ObservedStream(answered, new ReadPace(inFlight, stream.Connection, frames, atHand), frames);
    }
}
