using System.Net;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>The endpoints that the options name.</summary>
internal sealed class StaticResolver(IReadOnlyList<EndPoint> endPoints) : IEndpointResolver
{
    private readonly ResolvedEndpoints _resolved = new(endPoints);

    public ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken) => new(_resolved);
}
