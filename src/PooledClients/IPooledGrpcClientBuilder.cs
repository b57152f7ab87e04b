using Microsoft.Extensions.DependencyInjection;

namespace PooledClients;

/// <summary>Configures one pooled gRPC client further.</summary>
public interface IPooledGrpcClientBuilder
{
    /// <summary>Gets the client's name: the one given, or its service's.</summary>
    string Name { get; }

    /// <summary>Gets the services that the client is added to.</summary>
    IServiceCollection Services { get; }
}
