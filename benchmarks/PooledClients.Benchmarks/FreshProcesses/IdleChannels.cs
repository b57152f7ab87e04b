using System.Globalization;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>What is held for a channel that has made no call yet: a thousand of them, each to an address of its own.</summary>
internal sealed record IdleChannels(double BytesEach)
{
    public const string Name = "idle-channels";
    public const string Plain = "plain channel";
    public const string Factory = "Grpc.Net.ClientFactory";
    public const string Pooled = "PooledClients";
    private const int Channels = 1000;

    public static async Task<IdleChannels> MeasureAsync(string contender, ServerAddress server)
    {
        // What the first one loads and compiles is not the second one's.
        var first = Create(contender, server, from: 0, count: 1);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var created = Create(contender, server, from: 1, Channels);
        await Task.Yield();
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(first);
        GC.KeepAlive(created);
        return new IdleChannels((double)(after - before) / Channels);
    }

    private static object[] Create(string contender, ServerAddress server, int from, int count)
    {
        string[] names = [.. Enumerable.Range(from, count).Select(channel => channel.ToString(CultureInfo.InvariantCulture))];
        Uri Address(string name) => new($"https://host{name}.example:9101");
        if (contender == Plain)
        {
            return [.. names.Select(name => GrpcChannel.ForAddress(Address(name), new GrpcChannelOptions { HttpHandler = Handlers.Create(server.CaPem) }))];
        }

        var services = new ServiceCollection();
        foreach (var name in names)
        {
            if (contender == Factory)
            {
                services.AddGrpcClient<KeyValue.KeyValueClient>(name, options => options.Address = Address(name))
                    .ConfigurePrimaryHttpMessageHandler(() => Handlers.Create(server.CaPem));
            }
            else
            {
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name, options =>
                {
                    options.Address = Address(name);
                    options.Tls.CaCertificatePem = server.CaPem;
                });
            }
        }

        var provider = services.BuildServiceProvider();
        return
        [
            provider,
            .. names.Select(name => contender == Factory
                ? provider.GetRequiredService<GrpcClientFactory>().CreateClient<KeyValue.KeyValueClient>(name)
                : provider.GetRequiredKeyedService<KeyValue.KeyValueClient>(name)),
        ];
    }
}
