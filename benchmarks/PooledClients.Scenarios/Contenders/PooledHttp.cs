using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace PooledClients.Scenarios.Contenders;

/// <summary>This library's HTTP clients, in a host as a service has it.</summary>
internal sealed class PooledHttp() : HttpContender("pooled", "this library: AddPooledHttpClient, a client created for each request")
{
    private const string ClientName = "api";

    public override HttpClients Build(HttpClientSettings settings)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        var log = new LogLines();
        builder.Logging.AddProvider(log);
        builder.Services
            .AddPooledHttpClient(ClientName, options =>
            {
                options.BaseAddress = new Uri(settings.Address);
                options.Deadline = TimeSpan.FromSeconds(settings.DeadlineSeconds);
                options.Tls.CaCertificatePath = settings.CaPath;
            })
            .ConfigureHttpClient(settings.ConfigureVersion);

        IHost host = builder.Build();
        host.Start();
        return new Clients(host, log);
    }

    private sealed class Clients(IHost host, LogLines log) : HttpClients
    {
        private readonly IHttpClientFactory _factory = host.Services.GetRequiredService<IHttpClientFactory>();

        public override IReadOnlyCollection<string> Log => log.Lines;

        public override HttpClient Take() => _factory.CreateClient(ClientName);

        public override async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}
