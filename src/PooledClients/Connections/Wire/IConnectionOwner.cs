namespace PooledClients.Connections.Wire;

/// <summary>Who counts a connection. It is told under no lock of the connection's.</summary>
internal interface IConnectionOwner
{
    string Address { get; }

    /// <summary>Gets whether the end of a connection on which our certificate may have been refused is to say so.</summary>
    bool HearsRefusals { get; }

    /// <summary>Gets whether it asks when something last passed; who does not pays nothing for the answer.</summary>
    bool WatchesSilence => true;

    /// <summary>The handshake is over.</summary>
    void Established(PooledConnection connection);

    /// <summary>The server ended the connection at once after a handshake that sent our certificate.</summary>
    void Refused(PooledConnection connection, IdentityRefusedException exception);

    /// <summary>The socket is closed.</summary>
    void Closed(PooledConnection connection);

    /// <summary>The handshake takes long, and its server has other addresses.</summary>
    void HandshakeLate();
}
