using PooledClients.Connections.Endpoints;

namespace PooledClients.Http.Exchanges.Timing;

/// <summary>An exchange on its way to a connection.</summary>
internal interface IPendingCall
{
    /// <summary>Whether no connection has taken it yet, and it has not ended.</summary>
    bool IsPending { get; }

    /// <summary>Tells that nothing of it was sent: it is to be given a connection anew.</summary>
    void Unsent();

    /// <summary>Tells that the headers of its response have come, and it is with its handlers again.</summary>
    /// <param name="holding">Whose connection its body holds; none where it has none.</param>
    void Answered(Destination? holding);
}
