using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>The pool of one endpoint, as its connections and dials see it. They call it under no lock of theirs.</summary>
internal interface IConnectionPool
{
    /// <summary>Gets where the connections go, as texts say it.</summary>
    string Address { get; }

    /// <summary>Gets whose connections they are: an address's, or one endpoint's of several.</summary>
    IEndpointOwner Owner { get; }

    /// <summary>Gets how often connections that have gone silent may be replaced.</summary>
    SilenceRule Silence { get; }

    /// <summary>Gets the connections, and what is on them.</summary>
    ConnectionSet Connections { get; }

    /// <summary>A dial has made a connection; <paramref name="dial"/> tells whether it is still what is wanted.</summary>
    void Dialed(Http2Connection connection, Dial dial);

    /// <summary>A dial's handshake takes long, and its server has other addresses: calls that wait have the next one dialed.</summary>
    void DialIsLate(Dial dial);

    /// <summary>A dial has failed, or was given up without an exception.</summary>
    void DialFailed(Exception? exception, Dial dial);

    /// <summary>A connection's server has told how many calls it carries.</summary>
    void LimitLearned(Http2Connection connection);

    /// <summary>A connection's server has answered for the first time.</summary>
    void Answered();

    /// <summary>There may be room for a call that waits.</summary>
    void RoomMade(Http2Connection connection);

    /// <summary>Picks a connection no more: it finishes the calls that it has.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why.</param>
    /// <param name="isOurs">Whether it is this side's own housekeeping; else one that has served nobody is as good as a connect that failed.</param>
    void Retire(Http2Connection connection, string reason, bool isOurs = false);

    /// <summary>The server has turned down our certificate on a connection that was up.</summary>
    void IdentityRefused(Http2Connection connection, IdentityRefusedException exception);

    /// <summary>A connection's socket is closed.</summary>
    void Closed(Http2Connection connection);
}
