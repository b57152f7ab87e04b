using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Resilience;

/// <summary>What a request has come to, told to others than the breaker.</summary>
internal static class RequestOutcomes
{
    /// <summary>What it says of the endpoint that had the request.</summary>
    public static EndpointOutcome OfEndpoint(this RequestOutcome outcome) => outcome switch
    {
        RequestOutcome.Answered => EndpointOutcome.Answered,
        RequestOutcome.Failed => EndpointOutcome.Failed,
        _ => EndpointOutcome.Unknown,
    };
}
