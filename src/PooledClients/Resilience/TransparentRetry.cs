namespace PooledClients.Resilience;

/// <summary>Whether a request may be sent again although its method may not be processed twice (gRFC A6, transparent retries).</summary>
internal enum TransparentRetry
{
    /// <summary>It may not: the server may have processed it, or it would fail again.</summary>
    None,

    /// <summary>Once at once, then with pauses: nothing of it left this process.</summary>
    AtOnce,

    /// <summary>With pauses: the server has seen it and was first to say that it did not process it, or no connection came up.</summary>
    Paced,
}
