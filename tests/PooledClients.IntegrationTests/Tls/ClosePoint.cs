namespace PooledClients.IntegrationTests.Tls;

/// <summary>Where a <see cref="ClosingServer"/> closes a connection.</summary>
public enum ClosePoint
{
    /// <summary>Right after the handshake.</summary>
    AfterHandshake,

    /// <summary>After it has read a request.</summary>
    AfterRequest,

    /// <summary>In the middle of an answer.</summary>
    WithinAnswer,

    /// <summary>After an answer: an ordinary idle close.</summary>
    AfterAnswer,
}
