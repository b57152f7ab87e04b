namespace PooledClients.Connections.Wire;

/// <summary>Told what the frames of a connection show, on the thread that reads it, under no lock.</summary>
internal interface IConnectionWatcher
{
    /// <summary>Gets the connection's bytes, as far as they are known; none before it is up.</summary>
    PooledConnection? Wire { get; }

    /// <summary>The server has said how many streams it takes at a time; once for each of its SETTINGS.</summary>
    void SettingsReceived();

    /// <summary>The server takes no new stream (RFC 9113, section 6.8).</summary>
    void GoAwayReceived(int lastStreamId, int errorCode);

    /// <summary>A response has begun for the first time on this connection.</summary>
    void FirstAnswered();

    /// <summary>Streams have ended.</summary>
    void StreamsEnded();

    /// <summary>The server's side of the connection is over.</summary>
    void Ended();
}
