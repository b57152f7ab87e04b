namespace PooledClients.Connections.Endpoints;

/// <summary>Who an endpoint's pool belongs to. None of this is called under the pool's lock.</summary>
internal interface IEndpointOwner
{
    /// <summary>The last call has ended.</summary>
    void Idle();

    /// <summary>A dial has made a connection, whose server was not heard yet.</summary>
    void Connected();

    /// <summary>A connection could not be made.</summary>
    void DialFailed();

    /// <summary>The last connection that could be picked is gone.</summary>
    void Lost();

    /// <summary>A connection's server has answered for the first time.</summary>
    void Answered();

    /// <summary>A server has told how many calls one of its connections carries.</summary>
    void LimitLearned(int limit);

    /// <summary>Gets whether a connection is asked something of the owner's before calls are to go there.</summary>
    bool AsksFirst { get; }

    /// <summary>Gets how often what connections are made with was new, the first time included.</summary>
    int GenerationNumber { get; }
}
