using System.Globalization;
using BenchmarkDotNet.Attributes;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>Registering so many named clients whose options are bound, and starting and ending their host. Nothing connects.</summary>
public class RegistrationBenchmarks
{
    private Dictionary<string, string?> _configuration = [];

    [ParamsSource(nameof(AllCounts))]
    public int Clients { get; set; }

    public static IEnumerable<int> AllCounts => BenchmarkLimits.Of([1, 10, 1000], [10, 1000]);

    [GlobalSetup]
    public void Setup()
    {
        _configuration = Enumerable.Range(0, Clients).ToDictionary(Key, string? (_) => "https://localhost:9101");
        static string Key(int client) => $"PooledClients:Grpc:{Name(client)}:Address";
    }

    [Benchmark(Baseline = true)]
    public async Task ClientFactory()
    {
        var builder = CreateBuilder();
        for (var client = 0; client < Clients; client++)
        {
            var name = Name(client);
            var section = builder.Configuration.GetSection($"PooledClients:Grpc:{name}");
            builder.Services.AddGrpcClient<KeyValue.KeyValueClient>(name, options => section.Bind(options));
        }

        using var host = builder.Build();
        await host.StartAsync();
        var factory = host.Services.GetRequiredService<GrpcClientFactory>();
        for (var client = 0; client < Clients; client++)
        {
            factory.CreateClient<KeyValue.KeyValueClient>(Name(client));
        }

        await host.StopAsync();
    }

    [Benchmark]
    public async Task Pooled()
    {
        var builder = CreateBuilder();
        for (var client = 0; client < Clients; client++)
        {
            builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Name(client));
        }

        using var host = builder.Build();
        await host.StartAsync();
        for (var client = 0; client < Clients; client++)
        {
            host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>(Name(client));
        }

        await host.StopAsync();
    }

    private static string Name(int client) => "client" + client.ToString(CultureInfo.InvariantCulture);

    private HostApplicationBuilder CreateBuilder()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(_configuration);
        return builder;
    }
}
