using System.Net;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>The endpoints that the options name. Equal ones are one, so that clients of the same endpoints share them.</summary>
internal sealed class StaticResolver(IReadOnlyList<EndPoint> endPoints) : IEndpointResolver, IEquatable<StaticResolver>
{
    private readonly ResolvedEndpoints _resolved = new(endPoints);

    public ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken) => new(_resolved);

    public bool Equals(StaticResolver? other) => other is not null && _resolved.EndPoints.SequenceEqual(other._resolved.EndPoints);

    public override bool Equals(object? obj) => Equals(obj as StaticResolver);

    public override int GetHashCode() => _resolved.EndPoints.Count == 0 ? 0 : _resolved.EndPoints[0].GetHashCode();
}
