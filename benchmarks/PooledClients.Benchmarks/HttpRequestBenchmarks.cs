using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;

namespace PooledClients.Benchmarks;

/// <summary>An HTTP/1.1 exchange of 16 KB over TLS on loopback, its headers first and its body read as a stream, so that it is tracked.</summary>
public class HttpRequestBenchmarks
{
    private static readonly Uri Path = new("record", UriKind.Relative);
    private ServerProcess _server = null!;
    private HttpClient _alone = null!;
    private ServiceProvider _factory = null!;
    private ServiceProvider _resilience = null!;
    private ServiceProvider _pooled = null!;

    [GlobalSetup]
    public void Setup()
    {
        _server = new ServerProcess();
        var address = new Uri(_server.Address.Url);
        SocketsHttpHandler Primary() => Handlers.Create(_server.Address.CaPem);

        _alone = new HttpClient(Primary()) { BaseAddress = address };

        var services = new ServiceCollection();
        services.AddHttpClient("api", client => client.BaseAddress = address).ConfigurePrimaryHttpMessageHandler(Primary);
        _factory = services.BuildServiceProvider();

        services = new ServiceCollection();
        services.AddHttpClient("api", client => client.BaseAddress = address).ConfigurePrimaryHttpMessageHandler(Primary).AddStandardResilienceHandler();
        _resilience = services.BuildServiceProvider();

        services = new ServiceCollection();
        services.AddPooledHttpClient("api", options =>
        {
            options.BaseAddress = address;
            options.Tls.CaCertificatePem = _server.Address.CaPem;
        });
        _pooled = services.BuildServiceProvider();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _alone.Dispose();
        _factory.Dispose();
        _resilience.Dispose();
        _pooled.Dispose();
        _server.Dispose();
    }

    [Benchmark(Baseline = true)]
    public Task HttpClientAlone() => ReadAsync(_alone);

    [Benchmark]
    public Task HttpClientFactory() => ReadAsync(Create(_factory));

    [Benchmark]
    public Task StandardResilienceHandler() => ReadAsync(Create(_resilience));

    [Benchmark]
    public Task Pooled() => ReadAsync(Create(_pooled));

    private static HttpClient Create(IServiceProvider services) => services.GetRequiredService<IHttpClientFactory>().CreateClient("api");

    private static async Task ReadAsync(HttpClient client)
    {
        using var response = await client.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        await body.CopyToAsync(Stream.Null);
    }
}
