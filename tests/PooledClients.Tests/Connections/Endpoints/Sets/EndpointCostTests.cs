using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections;
using RocksDb.V1;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>What an endpoint costs beside its connection.</summary>
public sealed class EndpointCostTests
{
    private const int Endpoints = 500;

    [Fact]
    public void Update_ManyEndpoints_AllocatesAtMostSixteenKibibytesEach()
    {
        var time = new FakeTimeProvider();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(time);
        services.ConfigurePooledClients(static options => options.Descriptors.MaxConnections = 1);
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options =>
        {
            options.Address = new Uri("http://service.test");
            options.Endpoints.Resolver = EndpointResolver.Static;
            options.Endpoints.MaxEndpoints = Endpoints;
            for (var node = 0; node < Endpoints; node++)
            {
                options.Endpoints.Addresses.Add(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{node + 1}"));
            }
        });
        using var provider = services.BuildServiceProvider();
        // In fake time the look-up, and what follows from it, is this thread's work; so is the channel, of which there is one.
        var before = GC.GetAllocatedBytesForCurrentThread();
        provider.GetRequiredService<IGrpcChannelPool>().GetChannel<KeyValue.KeyValueClient>();
        var set = provider.GetRequiredService<TransportRegistry>().Transports.Single().Set!;
        set.Pick(isStream: false);
        time.Advance(TimeSpan.FromMilliseconds(1));
        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Endpoints;

        Assert.Equal(Endpoints, set.All.Count);
        Assert.InRange(bytes, 1_000, 16 * 1024);
    }

    [Fact]
    public void Tick_OfFiveEndpoints_AllocatesLittle()
    {
        using var service = new SimulatedService(100);
        service.Resolve(5);
        service.Run(TimeSpan.FromSeconds(10));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
        {
            service.Set.Pick(isStream: false);
            service.Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        // Half a percent of a call of 8 KiB, at a hundred calls a second.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000);
    }
}
