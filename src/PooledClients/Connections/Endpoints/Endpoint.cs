using System.Net;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Connections.Endpoints;

/// <summary>One of several endpoints of a service: its connections, what it is worth to the next call, and whether it is left out.</summary>
internal sealed class Endpoint(EndPoint target, EndpointPool pool, EndpointLoad load, EndpointEjection ejection, long joinedAt) : IPickable
{
    public EndPoint Target => target;

    public EndpointPool Pool => pool;

    public EndpointLoad Load => load;

    public EndpointEjection Ejection => ejection;

    public long JoinedAt => joinedAt;

    /// <summary>Whether a connection is up, TLS included: a call to it waits for no dial.</summary>
    public bool IsReady => pool.Connections.Count > 0;

    public override string ToString() => target.ToString()!;
}
