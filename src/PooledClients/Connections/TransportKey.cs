using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Tls;

namespace PooledClients.Connections;

/// <summary>
/// What has to be equal for two clients to share connections. An address alone is no key: one client's certificate must never
/// travel on another's connection.
/// </summary>
/// <param name="Address">The one address of a gRPC transport, or the socket of an HTTP one; none for other HTTP, whose requests name theirs.</param>
/// <param name="Tls">Trust and identity, by reference: equal options have the same context. None over clear text.</param>
/// <param name="Connection">How connections are made and kept.</param>
/// <param name="Owner">What else the handler is made of, compared by value; a client that configures its handler itself is its own.</param>
/// <param name="IsMultiplexed">Whether its connections carry many calls at once, and are made one by one as calls need them.</param>
/// <param name="Endpoints">How the address's endpoints are found and picked; none where it is one endpoint.</param>
/// <param name="Target">Where connections to one host go instead.</param>
internal sealed record TransportKey(
    ServiceAddress? Address, TlsContext? Tls, ConnectionSettings Connection, object? Owner = null, bool IsMultiplexed = true, EndpointSettings? Endpoints = null, FixedTarget? Target = null)
{
    /// <summary>Whose it is, in what is told of it: <c>grpc</c> or <c>http</c>.</summary>
    public string Kind => IsMultiplexed ? "grpc" : "http";

    public string DisplayName => Address?.ToString() ?? "http";
}
