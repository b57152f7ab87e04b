namespace PooledClients.Connections.Endpoints.Picking;

/// <summary>What a call can be sent to.</summary>
internal interface IPickable
{
    EndpointLoad Load { get; }

    EndpointEjection Ejection { get; }
}
