using PooledClients.Connections.Endpoints;

namespace PooledClients.Http.Balancing;

/// <summary>Nobody: the transports of an HTTP client's endpoints speak for themselves.</summary>
internal sealed class HttpEndpointOwner : IEndpointOwner
{
    public static readonly HttpEndpointOwner Instance = new();

    public int GenerationNumber => 0;

    public bool AsksFirst => false;

    public void Idle()
    {
    }

    public void Connected()
    {
    }

    public void DialFailed()
    {
    }

    public void Lost()
    {
    }

    public void Answered()
    {
    }

    public void LimitLearned(int limit)
    {
    }
}
