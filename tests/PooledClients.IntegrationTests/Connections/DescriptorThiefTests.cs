using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Processes;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

public class DescriptorThiefTests
{
    private const int Limit = 400;
    private const int Callers = 50;

    [Fact]
    public async Task Host_WhileOtherCodeTakesEveryDescriptor_LivesCallsAndRecovers()
    {
        await using var open = await TestServer.StartAsync();
        await using var later = await TestServer.StartAsync();

        (await ChildProcess.RunAsync(BeRobbed, Limit, open.Address.ToString(), later.Address.ToString(), TestAuthority.Shared.Pem)).AssertSucceeded();

        Assert.Equal(1, later.Behavior.TotalProcessed);
    }

    private static async Task BeRobbed(string[] args)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (index, address) in args[..2].Index())
        {
            builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(index.ToString(CultureInfo.InvariantCulture), options =>
            {
                options.Address = new Uri(address);
                options.Tls.CaCertificatePem = args[2];
                options.Resilience.Retry.MaxAttempts = 1;
            });
        }

        using var host = builder.Build();
        await host.StartAsync();
        var open = host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>("0");
        var later = host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>("1");
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => open.GetAsync(new GetRequest()).ResponseAsync));

        using var thief = new DescriptorThief();
        thief.TakeAll();

        // Blocked threads have the pool start new ones all along: without the reserve the first of them ends the process.
        var blocking = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Thread.Sleep(2_000))));
        var waiting = later.GetAsync(new GetRequest()).ResponseAsync;
        while (!blocking.IsCompleted)
        {
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => open.GetAsync(new GetRequest()).ResponseAsync));
        }

        Assert.False(waiting.IsCompleted);
        thief.Dispose();
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
