using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Processes;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That nothing is kept for a host that has no connection, no call and no waiter.</summary>
public class ManyHostsTests : WatchedTest
{
    private const int Hosts = 2000;
    private const int MostBytes = 200;

    [Fact]
    public async Task Get_TwoThousandHostsInTurn_KeepsNextToNothingOfThem()
    {
        await using var server = new RawHttpServer(_ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok" + RawHttpServer.End, everyLoopback: true);

        // In a process of its own, for its heap is what is measured.
        var child = (await ChildProcess.RunAsync(VisitAsync, descriptorLimit: null, server.Address.Port.ToString(CultureInfo.InvariantCulture))).AssertSucceeded();

        Assert.InRange(double.Parse(child.Output.Trim(), CultureInfo.InvariantCulture), -MostBytes, MostBytes);
    }

    private static async Task VisitAsync(string[] args)
    {
        await using var services = new ServiceCollection()
            .AddPooledHttpClient(static options => options.Connection.IdleTimeout = TimeSpan.FromSeconds(1))
            .Services.BuildServiceProvider();
        var client = services.GetRequiredService<HttpClient>();

        // The first round loads and compiles what then stays.
        await VisitEachAsync(client, args[0], from: Hosts, count: 500);
        var sweep = services.GetRequiredService<IdleSweep>();
        await Eventually.HoldsAsync(() => !sweep.IsRunning);
        var before = await SettledAsync();
        await VisitEachAsync(client, args[0], from: 0, Hosts);
        await Eventually.HoldsAsync(() => !sweep.IsRunning);

        // The runtime's own pools of hosts go in their own time.
        var kept = double.MaxValue;
        await Eventually.HoldsAsync(() => (kept = (Memory() - before) / (double)Hosts) <= MostBytes, () => $"{kept} bytes a host are kept.");
        Console.WriteLine(kept.ToString(CultureInfo.InvariantCulture));
        GC.KeepAlive(services);
    }

    // Until the runtime's pools of the hosts before are gone too: looks a second apart, as it has, which find nothing more that goes.
    private static async Task<long> SettledAsync()
    {
        var least = long.MaxValue;
        for (var alike = 0; alike < 4;)
        {
            var now = Memory();
            alike = now < least - Hosts ? 0 : alike + 1;
            least = Math.Min(least, now);
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        return least;
    }

    private static long Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    // Any address of 127.0.0.0/8 is this machine.
    private static async Task VisitEachAsync(HttpClient client, string port, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            await client.GetStringAsync(new Uri($"http://127.1.{i / 250}.{(i % 250) + 1}:{port}/"));
        }
    }
}
