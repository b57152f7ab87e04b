using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Grpc.Net.Client;
using PooledClients.TestBed.Processes;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Clients;

/// <summary>
/// What a call over a real connection allocates, beside one of a plain channel with a deadline. A process of its own counts, whose every
/// byte is a call's; both take turns, and the best of our rounds is set beside the middle one of the plain channel's: how many buffers a round
/// takes from 100 callers depends on the machine's pace.
/// </summary>
public sealed class CallBytesTests
{
    private const int Rounds = 5;
    private const int CallsARound = 400;

    // Within what a round differs from the next one. Where the code is not optimized, what an async method keeps is an object of its own.
    private static readonly int Noise = typeof(PooledGrpcClientOptions).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true } ? 400 : 120;

    [Fact]
    public async Task GetAsync_From1And16And100Callers_AllocatesNoMoreThanAPlainChannelWithADeadline()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });

        var child = (await ChildProcess.RunAsync(MeasureAsync, descriptorLimit: null, server.Address.ToString())).AssertSucceeded();

        var lines = child.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        TestContext.Current.TestOutputHelper?.WriteLine(child.Output);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line =>
        {
            var figures = line.Split(' ').Select(static figure => long.Parse(figure, CultureInfo.InvariantCulture)).ToArray();
            Assert.True(figures[2] <= figures[1] + Noise, $"{figures[0]} callers: {figures[2]} B a call, beside {figures[1]} B of a plain channel.");
        });
    }

    private static async Task MeasureAsync(string[] args)
    {
        var address = new Uri(args[0]);
        using var channel = GrpcChannel.ForAddress(address);
        await using var clients = await ClientHost.StartAsync(log: null, address);
        var plain = new KeyValue.KeyValueClient(channel);
        var pooled = clients.KeyValue;
        foreach (var callers in (int[])[1, 16, 100])
        {
            var plainBytes = new List<double>();
            var pooledBytes = new List<double>();
            for (var round = 0; round <= Rounds; round++)
            {
                plainBytes.Add(await AllocatedBytes.OfACallAsync(callers, CallsARound, () => plain.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(30)).ResponseAsync));
                pooledBytes.Add(await AllocatedBytes.OfACallAsync(callers, CallsARound, () => pooled.GetAsync(Calls.AnyGet).ResponseAsync));
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{callers} {Rest(plainBytes)[Rounds / 2]:F0} {Rest(pooledBytes)[0]:F0}"));
        }

        // The first round connects and compiles.
        static double[] Rest(List<double> rounds) => [.. rounds.Skip(1).Order()];
    }
}
