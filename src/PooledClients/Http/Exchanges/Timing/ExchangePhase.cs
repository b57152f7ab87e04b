namespace PooledClients.Http.Exchanges.Timing;

/// <summary>What an exchange is waiting for. The order is that of a plain exchange; a retry goes back.</summary>
internal enum ExchangePhase
{
    /// <summary>Within the handlers in front of the transport, or in a transport that does not say more.</summary>
    Waiting,

    /// <summary>Waiting for a connection: a place within the budget, a connect, or a busy connection to become free.</summary>
    Connecting,

    /// <summary>Sending a body that takes its time, or, for all that is known, waiting for the response headers after it.</summary>
    Sending,

    /// <summary>Sent; the response headers are awaited.</summary>
    WaitingForHeaders,

    /// <summary>Waiting for the next attempt.</summary>
    BackingOff,

    /// <summary>The headers have arrived, and nobody is reading the body.</summary>
    HoldingBody,

    /// <summary>Waiting for bytes of the body.</summary>
    ReadingBody,
}
