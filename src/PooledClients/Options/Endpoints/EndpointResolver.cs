namespace PooledClients;

/// <summary>Who tells the endpoints of an address.</summary>
public enum EndpointResolver
{
    /// <summary>Nobody: the address is one endpoint.</summary>
    None,

    /// <summary>The name's A and AAAA records are the endpoints.</summary>
    Dns,

    /// <summary><see cref="EndpointOptions.Addresses"/> are the endpoints.</summary>
    Static,

    /// <summary><c>Microsoft.Extensions.ServiceDiscovery</c>, by the package <c>PooledClients.ServiceDiscovery</c>.</summary>
    ServiceDiscovery,

    /// <summary>
    /// An <see cref="IEndpointResolver"/> given in code by <c>AddEndpointResolver</c>, or a <c>ResolverFactory</c> of Grpc.Net.Client that is
    /// registered for the scheme of the address.
    /// </summary>
    Custom,
}
