using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scenarios.Contenders;

/// <summary>Clients that <see cref="IHttpClientFactory"/> makes.</summary>
internal sealed class FactoryClients(ServiceProvider services, string name, LogLines? log = null) : HttpClients
{
    private readonly IHttpClientFactory _factory = services.GetRequiredService<IHttpClientFactory>();

    public override IReadOnlyCollection<string> Log => log?.Lines ?? [];

    public override HttpClient Take() => _factory.CreateClient(name);

    public override ValueTask DisposeAsync() => services.DisposeAsync();
}
