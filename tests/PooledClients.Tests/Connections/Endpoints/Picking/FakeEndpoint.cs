using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Tests.Connections.Endpoints.Picking;

internal sealed class FakeEndpoint(TimeProvider timeProvider) : IPickable
{
    public EndpointLoad Load { get; } = new(0.005);

    public EndpointEjection Ejection { get; } = new(EjectionSettings.From(new EndpointEjectionOptions()), timeProvider);
}
