using System.Diagnostics;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>The first call of a process that was warmed up as far as its contender can be, and the calls long after it.</summary>
internal sealed record FirstCall(double FirstMs, double SecondMs, double SteadyP50Ms)
{
    public const string Name = "first-call";
    public const string Plain = "plain channel, ConnectAsync";
    public const string Pooled = "PooledClients, WarmUp";
    public const string Cold = "plain channel, not connected";
    private const int Calls = 3000;
    private const int Counted = 1000;

    public static async Task<FirstCall> MeasureAsync(string contender, ServerAddress server)
    {
        if (contender == Pooled)
        {
            HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.Address = new Uri(server.Url);
                options.Tls.CaCertificatePem = server.CaPem;
                options.WarmUp = true;
            });
            using IHost host = builder.Build();
            await host.StartAsync();
            return await MeasureAsync(host.Services.GetRequiredService<KeyValue.KeyValueClient>());
        }

        using GrpcChannel channel = GrpcChannel.ForAddress(
            server.Url, new GrpcChannelOptions { HttpHandler = Handlers.Create(server.CaPem), DisposeHttpClient = true });
        if (contender == Plain)
        {
            await channel.ConnectAsync();
        }

        return await MeasureAsync(new KeyValue.KeyValueClient(channel));
    }

    private static async Task<FirstCall> MeasureAsync(KeyValue.KeyValueClient client)
    {
        var request = new GetRequest();
        double[] times = new double[Calls];
        for (int call = 0; call < Calls; call++)
        {
            long started = Stopwatch.GetTimestamp();
            await client.GetAsync(request, deadline: DateTime.UtcNow.AddSeconds(30));
            times[call] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        double[] last = [.. times[^Counted..].Order()];
        return new FirstCall(times[0], times[1], last[Counted / 2]);
    }
}
