using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Processes;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>What a call to one of several endpoints allocates beside one to the only one, in a process that has nothing else to do.</summary>
public sealed class CallCostTests
{
    private const int Turns = 7;
    private const int CallsATurn = 500;

    [Fact]
    public async Task Call_OneOfSeveralEndpoints_AllocatesHalfAPercentMoreAtMost()
    {
        await using var first = await TestServer.StartAsync();
        await using var second = await TestServer.StartAsync();

        var child = (await ChildProcess.RunAsync(Compare, args: [Text(first.Port), Text(second.Port), TestAuthority.Shared.Pem])).AssertSucceeded();

        TestContext.Current.TestOutputHelper?.WriteLine(child.Output);
    }

    private static async Task Compare(string[] args)
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>("one", Configure);
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>("several", options =>
        {
            Configure(options);
            options.Endpoints.Resolver = EndpointResolver.Static;
            options.Endpoints.Addresses.Add($"127.0.0.1:{args[0]}");
            options.Endpoints.Addresses.Add($"127.0.0.1:{args[1]}");
        });
        await using var provider = services.BuildServiceProvider();
        var one = provider.GetRequiredKeyedService<KeyValue.KeyValueClient>("one");
        var several = provider.GetRequiredKeyedService<KeyValue.KeyValueClient>("several");
        var (bytesOfOne, bytesOfSeveral) = (double.MaxValue, double.MaxValue);

        // The first turns compile, and fill what is kept; what else the runtime does makes a turn dearer, never cheaper.
        for (var turn = 0; turn < Turns; turn++)
        {
            bytesOfOne = Math.Min(bytesOfOne, await AllocatedBytes.OfACallAsync(callers: 1, CallsATurn, () => one.GetAsync(Calls.AnyGet).ResponseAsync));
            bytesOfSeveral = Math.Min(bytesOfSeveral, await AllocatedBytes.OfACallAsync(callers: 1, CallsATurn, () => several.GetAsync(Calls.AnyGet).ResponseAsync));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bytesOfOne:F1} B a call over one address, {bytesOfSeveral:F1} B over two endpoints."));
        Assert.InRange(bytesOfSeveral, 1, bytesOfOne * 1.005);

        void Configure(PooledGrpcClientOptions options)
        {
            options.Address = new Uri($"https://localhost:{args[0]}");
            options.Tls.CaCertificatePem = args[2];
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
