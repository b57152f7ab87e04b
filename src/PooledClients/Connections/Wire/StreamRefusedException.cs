namespace PooledClients.Connections.Wire;

/// <summary>
/// The server has refused a request's stream, and the runtime was about to send it again at once: that is for others to do, with pauses and
/// out of the retry budget.
/// </summary>
internal sealed class StreamRefusedException() : IOException("The server refused the stream (REFUSED_STREAM).")
{
    /// <summary>Stops a request whose content may not be given to a connection again, before its headers are written.</summary>
    public static void ThrowIfSentOnce(HttpRequestMessage request)
    {
        if (request.Content is ISentOnce { WasSentOnce: true })
        {
            throw new StreamRefusedException();
        }
    }
}
