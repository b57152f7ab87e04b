using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>The endpoints of one service, as each of them sees all.</summary>
internal interface IServiceEndpoints
{
    /// <summary>Gets whom the pools of all endpoints serve.</summary>
    IEndpointOwner Owner { get; }

    /// <summary>Gets the time now.</summary>
    long Now { get; }

    /// <summary>A call has ended at an endpoint, or has been answered there if it is a stream.</summary>
    void End(Endpoint endpoint, bool isStream, EndpointOutcome outcome, long startedAt);

    /// <summary>A connection was lost or could not be made: who is there may have changed.</summary>
    void Lost();

    /// <summary>Which endpoints are ready may be another matter now.</summary>
    void Changed();

    /// <summary>Has a server speak before a call is given to it.</summary>
    Task<EndpointAnswer> ProbeAsync(EndpointPool pool);

    /// <summary>Follows what an endpoint says of its health; <see langword="null"/> where nobody wants to know.</summary>
    HealthWatch? WatchHealthAt(IEndpointConnections connections);

    /// <summary>The pause between two questions to a server that does not answer.</summary>
    Task PauseAsync();
}
