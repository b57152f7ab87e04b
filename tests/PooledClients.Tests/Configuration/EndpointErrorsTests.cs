using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RocksDb.V1;

namespace PooledClients.Tests.Configuration;

/// <summary>Endpoints that cannot be what was meant fail the start, each under its key.</summary>
public sealed class EndpointErrorsTests
{
    [Theory]
    [InlineData("Endpoints:Resolver", "nobody", "Resolver", "9")]
    [InlineData("Endpoints:Policy", "nobody", "Policy", "9", "Resolver", "Dns")]
    [InlineData("Endpoints:Policy", "picks among endpoints", "Policy", "RoundRobin")]
    [InlineData("Endpoints:Addresses", "no address", "Resolver", "Static")]
    [InlineData("Endpoints:Addresses", "the resolver is Dns", "Resolver", "Dns", "Addresses:0", "10.0.0.1:1")]
    [InlineData("Endpoints:Addresses", "is no host:port", "Resolver", "Static", "Addresses:0", "9101")]
    [InlineData("Endpoints:Addresses", "is no host:port", "Resolver", "Static", "Addresses:0", "10.0.0.1:99999")]
    [InlineData("Endpoints:RefreshInterval", "", "Resolver", "Dns", "RefreshInterval", "00:00:00.1")]
    [InlineData("Endpoints:MaxEndpoints", "", "Resolver", "Dns", "MaxEndpoints", "0")]
    [InlineData("Endpoints:SlowStart", "", "Resolver", "Dns", "SlowStart", "-00:00:01")]
    [InlineData("Endpoints:HealthCheck", "one endpoint", "HealthCheck", "kv")]
    [InlineData("Endpoints:Ejection:FailureRatio", "no share", "Resolver", "Dns", "Ejection:FailureRatio", "1.5")]
    [InlineData("Endpoints:Ejection:MaxEjectedRatio", "no endpoint", "Resolver", "Dns", "Ejection:MaxEjectedRatio", "1")]
    [InlineData("Endpoints:Ejection:MaxTime", "", "Resolver", "Dns", "Ejection:BaseTime", "00:00:10", "Ejection:MaxTime", "00:00:01")]
    public async Task Start_OptionsThatCannotBe_FailsUnderTheKey(string key, string words, params string[] settings)
    {
        var error = await FailureAsync(
            static options => options.Address = new Uri("http://service.test:9101"),
            settings: [.. settings.Chunk(2).Select(static pair => ($"PooledClients:Grpc:KeyValue:Endpoints:{pair[0]}", pair[1]))]);

        Assert.Contains($"PooledClients:Grpc:KeyValue:{key}", error, StringComparison.Ordinal);
        Assert.Contains(words == "nobody" ? "use one of" : words, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_UnixSocketWithAResolver_Fails()
    {
        var error = await FailureAsync(static options =>
        {
            options.Address = new Uri("unix:/run/kv.sock");
            options.Endpoints.Resolver = EndpointResolver.Dns;
        });

        Assert.Contains("names one socket", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EndpointResolver.Dns)]
    [InlineData(EndpointResolver.Static)]
    public async Task Start_ResolverInCodeBesideAnother_Fails(EndpointResolver resolver)
    {
        var error = await FailureAsync(
            options =>
            {
                options.Address = new Uri("http://service.test:9101");
                options.Endpoints.Resolver = resolver;
                options.Endpoints.Addresses.Add("10.0.0.1:9101");
            },
            static builder => builder.AddEndpointResolver(static _ => new NoResolver()));

        Assert.Contains("AddEndpointResolver", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PrimaryHandlerWithEndpoints_Fails()
    {
        var error = await FailureAsync(
            static options =>
            {
                options.Address = new Uri("http://service.test:9101");
                options.Endpoints.Resolver = EndpointResolver.Dns;
            },
            static builder => builder.ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler()));

        Assert.Contains("ConfigurePrimaryHttpMessageHandler", error, StringComparison.Ordinal);
    }

    private static async Task<string> FailureAsync(
        Action<PooledGrpcClientOptions> configure, Action<IPooledGrpcClientBuilder>? build = null, (string Key, string Value)[]? settings = null)
    {
        var host = Host.CreateEmptyApplicationBuilder(settings: null);
        foreach (var (key, value) in settings ?? [])
        {
            host.Configuration[key] = value;
        }

        build?.Invoke(host.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(configure));
        if (build is null)
        {
            host.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(configure);
        }

        using var built = host.Build();
        var failure = await Assert.ThrowsAnyAsync<OptionsValidationException>(() => built.StartAsync(TestContext.Current.CancellationToken));
        return failure.Message;
    }

    private sealed class NoResolver : IEndpointResolver
    {
        public ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken) => new(new ResolvedEndpoints([new IPEndPoint(IPAddress.Loopback, 1)]));
    }
}
