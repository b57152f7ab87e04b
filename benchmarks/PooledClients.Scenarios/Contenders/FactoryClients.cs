using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scenarios.Contenders;

/// <summary>Clients that <see cref="IHttpClientFactory"/> makes.</summary>
internal sealed class FactoryClients(ServiceProvider services, string name) : HttpClients
{
    private readonly IHttpClientFactory _factory = services.GetRequiredService<IHttpClientFactory>();

    public override HttpClient Take() => _factory.CreateClient(name);

    public override ValueTask DisposeAsync() => services.DisposeAsync();
}
