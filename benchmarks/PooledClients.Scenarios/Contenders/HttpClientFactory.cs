using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The framework's own factory of HTTP clients.</summary>
internal class HttpClientFactory(string name, string description) : HttpContender(name, description)
{
    public HttpClientFactory()
        : this("http-client-factory", "IHttpClientFactory with the handler of http-client, a client created for each request")
    {
    }

    public override HttpClients Build(HttpClientSettings settings)
    {
        var services = new ServiceCollection();
        var builder = services
            .AddHttpClient("api", settings.Configure)
            .ConfigurePrimaryHttpMessageHandler(() => SharedHttpClient.Handler(settings));
        Configure(builder, settings);
        return new FactoryClients(services.BuildServiceProvider(), "api");
    }

    protected virtual void Configure(IHttpClientBuilder builder, HttpClientSettings settings)
    {
    }
}
