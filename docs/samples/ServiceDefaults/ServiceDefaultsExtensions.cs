using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Samples;

/// <summary>What every service of a solution has, in the manner of .NET Aspire.</summary>
public static class ServiceDefaultsExtensions
{
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("Microsoft.AspNetCore.Hosting", "System.Net.Http", "Grpc.Net.Client", "PooledClients"))
            .WithTracing(tracing => tracing.AddSource(builder.Environment.ApplicationName, "Microsoft.AspNetCore", "System.Net.Http", "Grpc.Net.Client", "PooledClients"));

        // The defaults are for clients of AddHttpClient; a pooled HTTP client takes them too, and leaves its own retries to the resilience handler. By the last
        // line one whose address is https+http://name finds its endpoints by itself; the others have service discovery's handler do it. Pooled gRPC clients
        // take none of the defaults; service discovery is theirs by the last line.
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(client =>
        {
            client.AddStandardResilienceHandler();
            client.AddServiceDiscovery();
        });
        builder.Services.AddPooledClientsServiceDiscovery();
        builder.Services.AddHealthChecks()
            .AddCheck("self", () => HealthCheckResult.Healthy(), ["live"])
            .AddPooledClients(tags: ["ready"]);
        return builder;
    }

    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks("/health");
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        return app;
    }
}
