using System.Net;

namespace PooledClients.Connections.Endpoints;

/// <summary>Where the connections of a pool go.</summary>
/// <param name="Name">What logs and errors call it, <c>https://host:port</c>.</param>
/// <param name="Host">The name that the server's certificate has to have.</param>
/// <param name="Target">What is dialed: a name that is looked up each time, a socket address, a Unix socket.</param>
/// <param name="IsSecure">Whether TLS is spoken.</param>
internal sealed record EndpointAddress(string Name, string Host, EndPoint Target, bool IsSecure);
