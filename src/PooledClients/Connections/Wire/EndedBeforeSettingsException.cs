namespace PooledClients.Connections.Wire;

/// <summary>
/// A connection ended before the server's first SETTINGS frame, which is the first thing that it has to say (RFC 9113, section 3.4):
/// it never was an HTTP/2 connection. A server may read before it says anything, so only what was held back until then is proven to be
/// processed by nobody.
/// </summary>
/// <param name="cause">How it ended.</param>
/// <param name="mayBeProcessed">Whether the request's content was asked for all the same.</param>
/// <param name="refusal">The client certificate that the server may have refused, in words; none where none is shown.</param>
internal sealed class EndedBeforeSettingsException(Exception? cause, bool mayBeProcessed = false, string? refusal = null)
    : IOException("The connection ended before the server had begun to speak HTTP/2.", cause)
{
    /// <summary>Gets whether the server may have the request.</summary>
    public bool MayBeProcessed => mayBeProcessed;

    /// <summary>Gets the client certificate that the server may have refused: where this side closes first, nothing else is seen of it.</summary>
    public string? Refusal => refusal;
}
