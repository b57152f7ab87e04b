namespace PooledClients.Connections.Endpoints;

/// <summary>Who an endpoint's pool belongs to.</summary>
internal interface IEndpointOwner
{
    /// <summary>The last call has ended.</summary>
    void Idle();

    /// <summary>A server has told how many calls one of its connections carries.</summary>
    void LimitLearned(int limit);
}
