using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using PooledClients.Http;

namespace PooledClients.Benchmarks;

/// <summary>
/// What the outermost handler adds to the same handler below it: leak tracking and the deadline of the whole exchange. An HTTP/1.1 exchange
/// of 16 KB over TLS on loopback, its headers first and its body read as a stream.
/// </summary>
public class TrackingBenchmarks
{
    private const int RequestsAnInvocation = 100;
    private static readonly Uri Path = new("record", UriKind.Relative);
    private ServerProcess _server = null!;
    private ServiceProvider _services = null!;
    private HttpClient _plain = null!;
    private HttpClient _tracked = null!;

    [GlobalSetup]
    public void Setup()
    {
        _server = new ServerProcess();
        var address = new Uri(_server.Address.Url);
        var services = new ServiceCollection();
        services.AddPooledHttpClient("api", options => options.BaseAddress = address);
        _services = services.BuildServiceProvider();
        _plain = new HttpClient(Handlers.Create(_server.Address.CaPem)) { BaseAddress = address };
        _tracked = new HttpClient(new HttpExchangeHandler(
            _services.GetRequiredService<HttpClients>().Find("api")!,
            _services.GetRequiredService<CallSiteSampler>(),
            _services.GetRequiredService<RequestDurationInstruments>())
        {
            InnerHandler = Handlers.Create(_server.Address.CaPem),
        })
        { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _plain.Dispose();
        _tracked.Dispose();
        _services.Dispose();
        _server.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = RequestsAnInvocation)]
    public Task Plain() => ReadAsync(_plain);

    [Benchmark(OperationsPerInvoke = RequestsAnInvocation)]
    public Task Tracked() => ReadAsync(_tracked);

    private static async Task ReadAsync(HttpClient client)
    {
        for (int request = 0; request < RequestsAnInvocation; request++)
        {
            using HttpResponseMessage response = await client.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);
            await using Stream body = await response.Content.ReadAsStreamAsync();
            await body.CopyToAsync(Stream.Null);
        }
    }
}
