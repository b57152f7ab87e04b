using System.Diagnostics.Metrics;
using System.Globalization;
using PooledClients.TestBed.Processes;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Clients;

/// <summary>What a call allocates more while somebody listens to its metrics, in a process of its own.</summary>
public sealed class ListenedCallBytesTests
{
    private const int Turns = 7;
    private const int CallsATurn = 500;

    // What the least of some turns differs from that of others, by buffers that the runtime makes anew.
    private const int Noise = 24;

    [Fact]
    public async Task GetAsync_WithAListener_Allocates200BytesMoreAtMostAnd600WithSizes()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });

        var child = (await ChildProcess.RunAsync(CompareAsync, descriptorLimit: null, server.Address.ToString())).AssertSucceeded();

        TestContext.Current.TestOutputHelper?.WriteLine(child.Output);
    }

    private static async Task CompareAsync(string[] args)
    {
        await using var clients = await ClientHost.StartAsync(log: null, new Uri(args[0]));
        var (alone, listened, sized) = (double.MaxValue, double.MaxValue, double.MaxValue);

        // The first turns compile, and fill what is kept; what else the runtime does makes a turn dearer, never cheaper.
        for (var turn = 0; turn < Turns; turn++)
        {
            alone = Math.Min(alone, await BytesOfACallAsync());
            using (Listen(static name => !name.Contains("message_size", StringComparison.Ordinal)))
            {
                listened = Math.Min(listened, await BytesOfACallAsync());
            }

            using (Listen(static _ => true))
            {
                sized = Math.Min(sized, await BytesOfACallAsync());
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{alone:F1} B a call, {listened:F1} with a listener, {sized:F1} with sizes."));
        Assert.InRange(listened, alone + 1, alone + 200 + Noise);
        Assert.InRange(sized, listened + 1, alone + 600 + Noise);

        Task<double> BytesOfACallAsync() => AllocatedBytes.OfACallAsync(callers: 1, CallsATurn, () => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync);
    }

    private static MeterListener Listen(Func<string, bool> to)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "PooledClients" && to(instrument.Name))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }
}
