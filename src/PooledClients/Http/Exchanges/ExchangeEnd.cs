namespace PooledClients.Http.Exchanges;

/// <summary>How an exchange ended. The first end wins; the rest find it taken.</summary>
internal enum ExchangeEnd
{
    /// <summary>Not yet.</summary>
    None,

    /// <summary>The body was read to its end or disposed, there was none, or the exchange failed on its own.</summary>
    Completed,

    /// <summary>The caller cancelled the request before its headers arrived.</summary>
    Cancelled,

    /// <summary>The deadline of the whole exchange passed.</summary>
    DeadlinePassed,

    /// <summary>A read of the body got no byte for the idle-read timeout.</summary>
    ReadTimedOut,

    /// <summary>The response was left open and unread for longer than it may be held.</summary>
    HeldTooLong,

    /// <summary>The response was collected without having been disposed.</summary>
    Collected,
}
