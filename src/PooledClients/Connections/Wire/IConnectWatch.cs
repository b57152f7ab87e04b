namespace PooledClients.Connections.Wire;

/// <summary>The time that a connect may take, which ends with its handshake.</summary>
internal interface IConnectWatch : IDisposable
{
    /// <summary>Gets a token that is cancelled when the time is over.</summary>
    CancellationToken Token { get; }

    bool HasTimedOut { get; }

    /// <summary>The error that names the phase in which the time ran out.</summary>
    Exception TimedOut(string phase);

    /// <summary>The handshake has ended well.</summary>
    void Succeeded();

    /// <summary>It is not wanted any more: it has ended neither well nor badly.</summary>
    void Abandoned();

    /// <summary>Takes a turn at what has come from the server; the next read or write gives it back.</summary>
    ValueTask TakeTurnAsync(CancellationToken cancellationToken);

    void EndTurn();
}
