namespace PooledClients.Resilience;

/// <summary>How far a request's content is known to have got.</summary>
internal enum ContentProgress
{
    /// <summary>A connection may have asked for it, or did. That it was not written to its end proves nothing: it may be on the wire before.</summary>
    MaybeSent,

    /// <summary>No connection has asked for it: nothing of it left this process.</summary>
    NeverAsked,

    /// <summary>It could not be written by its own fault: too large, a serialiser's error. It would fail again.</summary>
    Unwritable,
}
