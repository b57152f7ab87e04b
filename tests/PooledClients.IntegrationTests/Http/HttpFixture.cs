using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.Http.Leaks;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>A pooled client called <c>uploads</c>, as a user would register it.</summary>
internal sealed class HttpFixture : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public HttpFixture(
        LogWatch log,
        Version version,
        Uri? address,
        Action<PooledHttpClientOptions>? configure = null,
        Action<IHttpClientBuilder>? build = null,
        TimeProvider? time = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log).AddFilter("System.Net.Http.HttpClient", LogLevel.None));
        var builder = services.AddPooledHttpClient("uploads", options =>
        {
            options.BaseAddress = address;
            configure?.Invoke(options);
        });
        builder.ConfigureHttpClient(client =>
        {
            client.DefaultRequestVersion = version;
            client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        });
        build?.Invoke(builder);
        _services = services.BuildServiceProvider(validateScopes: true);
        Client = _services.GetRequiredService<IHttpClientFactory>().CreateClient("uploads");
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _services;

    public ResponseRegistry Registry => _services.GetRequiredService<ResponseRegistry>();

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    /// <summary>Has the breaker open at the second failure, and at few among many answers: whatever is held against a server shows.</summary>
    public static void OpenBreakerEarly(PooledHttpClientOptions options)
    {
        options.Resilience.Breaker.MinimumThroughput = 2;
        options.Resilience.Breaker.FailureRatio = 0.1;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
