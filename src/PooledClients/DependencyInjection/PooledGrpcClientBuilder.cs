using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.DependencyInjection;

internal sealed class PooledGrpcClientBuilder(string name, IServiceCollection services) : IPooledGrpcClientBuilder
{
    public string Name { get; } = name;

    public IServiceCollection Services { get; } = services;
}
