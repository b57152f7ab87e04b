using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Budget;
using PooledClients.Connections.CallSites;
using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Http;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Leaks;
using PooledClients.Http.Retries;
using PooledClients.Resilience;
using PooledClients.Tests.Connections;

namespace PooledClients.Tests.Http;

/// <summary>The handlers of a pooled client over a server of the test's own, in memory, with a clock of the test's own.</summary>
internal sealed class HttpPipeline : IDisposable
{
    private readonly ServiceProvider _services;

    public HttpPipeline(
        Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> server,
        Action<PooledHttpClientOptions>? configure = null,
        TimeProvider? time = null)
    {
        _services = CreateServices(time ?? Time, Logs);
        State = CreateState(_services, configure);
        var metrics = _services.GetRequiredService<HttpMetrics>();
        var resilience = new HttpResilience("api", State.Options.Resilience, _services.GetRequiredService<AddressPolicies>(), Time, metrics, _services.GetRequiredService<ILogger<HttpResilience>>());
        Handler = new HttpExchangeHandler(State, _services.GetRequiredService<CallSiteSampler>(), Durations, resilience)
        {
            InnerHandler = new Server(server),
        };
        Client = new HttpClient(Handler) { BaseAddress = new Uri("https://api.internal/"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public FakeTimeProvider Time { get; } = new();

    public FakeLogCollector Logs { get; } = new();

    public HttpClientState State { get; }

    public DelegatingHandler Handler { get; }

    public HttpClient Client { get; }

    public RequestDurationInstruments Durations => _services.GetRequiredService<RequestDurationInstruments>();

    public CallSiteSampler Sampler => _services.GetRequiredService<CallSiteSampler>();

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public static HttpClientState CreateState() => CreateState(CreateServices(new FakeTimeProvider(), new FakeLogCollector()), configure: null);

    public void Dispose()
    {
        Client.Dispose();
        _services.Dispose();
    }

    private static HttpClientState CreateState(ServiceProvider services, Action<PooledHttpClientOptions>? configure)
    {
        var options = new PooledHttpClientOptions();
        configure?.Invoke(options);
        return new HttpClientState(
            "api", options, services.GetRequiredService<ResponseRegistry>(), services.GetRequiredService<HttpMetrics>(), services.GetRequiredService<TimeProvider>());
    }

    private static ServiceProvider CreateServices(TimeProvider time, FakeLogCollector logs)
        => new ServiceCollection()
            .AddMetrics()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(logs)))
            .AddSingleton(time)
            .AddSingleton<HttpMetrics>()
            .AddSingleton<GrpcMetrics>()
            .AddSingleton<ResilienceMetrics>()
            .AddSingleton<AddressPolicies>()
            .AddSingleton<PooledClientsMetrics>()
            .AddSingleton<ResponseRegistry>()
            .AddSingleton(Options.Create(new PooledClientsOptions()))
            .AddSingleton<DescriptorMeter>(new FakeDescriptorMeter())
            .AddSingleton<ConnectionGate>()
            .AddSingleton<CallSiteSampler>()
            .AddSingleton<RequestDurationInstruments>()
            .BuildServiceProvider();

    private sealed class Server(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            => answer(request, cancellationToken);
    }
}
