using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Processes;

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

        Assert.InRange(double.Parse(child.Output.Trim(), CultureInfo.InvariantCulture), double.MinValue, MostBytes);
    }

    private static async Task VisitAsync(string[] args)
    {
        await using var services = new ServiceCollection()
            .AddPooledHttpClient(static options => options.Connection.IdleTimeout = TimeSpan.FromSeconds(1))
            .Services.BuildServiceProvider();
        var client = services.GetRequiredService<HttpClient>();

        // The first round loads and compiles what then stays.
        await VisitEachAsync(client, args[0], from: Hosts, count: 500);
        await Task.Delay(TimeSpan.FromSeconds(5));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await VisitEachAsync(client, args[0], from: 0, Hosts);
        await Task.Delay(TimeSpan.FromSeconds(3));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine(((GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Hosts).ToString(CultureInfo.InvariantCulture));
        GC.KeepAlive(services);
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
