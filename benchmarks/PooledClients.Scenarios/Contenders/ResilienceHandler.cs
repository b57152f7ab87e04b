using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The factory with the standard resilience handler at its defaults, its total timeout being the load's deadline.</summary>
internal sealed class ResilienceHandler() : HttpClientFactory(
    "resilience-handler", "as http-client-factory, with AddStandardResilienceHandler at its defaults")
{
    protected override void Configure(IHttpClientBuilder builder, HttpClientSettings settings)
    {
        builder.AddStandardResilienceHandler(options =>
        {
            options.TotalRequestTimeout.Timeout = TimeSpan.FromSeconds(settings.DeadlineSeconds);
            options.AttemptTimeout.Timeout = TimeSpan.FromSeconds(Math.Min(options.AttemptTimeout.Timeout.TotalSeconds, settings.DeadlineSeconds));
        });
    }
}
