using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Registration;

public class FirstCallRaceTests : WatchedTest
{
    private const int Rounds = 50;
    private const int Threads = 64;

    [Fact]
    public async Task FirstCall_64ThreadsOn10ClientTypes_MakesOneConnectionOneHandshakeAndOneRead()
    {
        using var folder = new TempFolder();
        var caPath = folder.Write("ca.pem", TestAuthority.Shared.Pem);
        using var caOpens = new FileOpens(caPath);
        await using var server = await TestServer.StartAsync();

        for (var round = 1; round <= Rounds; round++)
        {
            await using var clients = await ClientHost.StartAsync(Log, services => TenClients.Add(services, server.Address, caPath));
            CallFromThreads(clients);

            Assert.Equal((round, round), (server.Connections.Accepted, server.Connections.Handshakes));
            Assert.Equal(1, caOpens.Take());
        }

        Assert.Equal(Rounds * Threads, server.Behavior.TotalProcessed);
    }

    // Threads of their own, let go at once: the thread pool would start them one by one.
    private static void CallFromThreads(ClientHost clients)
    {
        using var barrier = new Barrier(Threads);
        var failures = new Exception?[Threads];
        var threads = Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            barrier.SignalAndWait();
            failures[number] = Record.Exception(() => TenClients.Resolve(clients.Services, number).Get(Calls.AnyGet));
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.All(failures, Assert.Null);
    }
}
