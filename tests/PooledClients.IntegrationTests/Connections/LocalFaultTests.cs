using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Descriptors;
using PooledClients.TestBed.Processes;

namespace PooledClients.IntegrationTests.Connections;

public class LocalFaultTests
{
    [Fact]
    public async Task IsOutOfDescriptors_AtTheLimit_KnowsEveryDisguise() =>
        (await ChildProcess.RunAsync(MeetTheLimit, descriptorLimit: 300)).AssertSucceeded();

    // Synchronous throughout: at the limit the runtime aborts the process when the thread pool wants a thread.
    private static Task MeetTheLimit(string[] args)
    {
        (string Name, Action Act)[] attempts =
        [
            ("socket", () => new Socket(SocketType.Stream, ProtocolType.Tcp).Dispose()),
            ("name", () => Dns.GetHostAddresses("localhost")),
            ("file", () => File.ReadAllText("/etc/hostname")),
        ];

        // Loads what it takes: an assembly first needed at the limit is another disguise, and stays so.
        _ = attempts.Select(attempt => Record.Exception(attempt.Act)).ToList();
        var failures = new Exception?[attempts.Length];
        using var thief = new DescriptorThief();
        thief.TakeAll();
        for (var i = 0; i < attempts.Length; i++)
        {
            failures[i] = Record.Exception(attempts[i].Act);
        }

        thief.Dispose();

        for (var i = 0; i < attempts.Length; i++)
        {
            var exception = failures[i] ?? throw new InvalidOperationException($"{attempts[i].Name} succeeded.");
            Assert.True(LocalFault.IsOutOfDescriptors(exception), $"{attempts[i].Name}: {exception}");
            Assert.True(LocalFault.IsOutOfDescriptors(new HttpRequestException("wrapped", exception)), attempts[i].Name);
        }

        return Task.CompletedTask;
    }
}
