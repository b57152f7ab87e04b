using System.Net;
using Microsoft.Extensions.Primitives;

namespace PooledClients;

/// <summary>What an <see cref="IEndpointResolver"/> has found.</summary>
/// <param name="endPoints">
/// Where to connect: an <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/> whose name is resolved at each connect, or a
/// <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>. Equal ones are one endpoint.
/// </param>
public sealed class ResolvedEndpoints(IEnumerable<EndPoint> endPoints)
{
    /// <summary>Gets where to connect.</summary>
    public IReadOnlyList<EndPoint> EndPoints { get; } = [.. endPoints];

    /// <summary>Gets what tells that the resolver has to be asked again, besides the clock.</summary>
    public IChangeToken? ChangeToken { get; init; }

    /// <summary>Gets the host that certificates are verified for, instead of that of the client's address.</summary>
    public string? HostOverride { get; init; }

    /// <summary>
    /// Gets the service config of a gRPC client, as JSON. It takes the place of <see cref="PooledGrpcClientOptions.ServiceConfig"/> from the calls on
    /// that begin after it has come; one that cannot be read is told in the log and leaves the last one in force.
    /// </summary>
    public string? ServiceConfig { get; init; }
}
