using System.Net;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Dialing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>A service whose endpoints are what a DNS server says at the time.</summary>
public sealed class DnsTests : WatchedTest
{
    private static readonly IPAddress[] Addresses = [.. Enumerable.Range(1, 4).Select(static last => IPAddress.Parse($"127.0.0.{last}"))];

    [Fact]
    public async Task Records_ComeAndGo_CallsFollowAndNoneFails()
    {
        using var dns = new DnsServer();
        await using var group = await StartAsync(4);
        dns.Set(Addresses[..2]);
        await using var clients = await StartAsync(group, dns);
        await clients.KeyValue.GetManyAsync(50);
        Assert.All(group.Servers.Skip(2), static server => Assert.Empty(server.Requests));

        dns.Set(Addresses);
        await CallUntilAsync(clients, () => group.Servers.All(static server => ServerGroup.CallsOf(server) > 0));

        dns.Set(Addresses[2..]);
        await CallUntilAsync(clients, () => group.Servers.Take(2).All(static server => server.Connections.Open == 0));
        var before = group.Servers.Take(2).Sum(ServerGroup.CallsOf);
        await clients.KeyValue.GetManyAsync(50);
        Assert.Equal(before, group.Servers.Take(2).Sum(ServerGroup.CallsOf));
    }

    [Fact]
    public async Task Name_FailsAndIsEmpty_TheLastAnswerStaysInUse()
    {
        using var dns = new DnsServer();
        await using var group = await StartAsync(2);
        dns.Set(Addresses[..2]);
        await using var clients = await StartAsync(group, dns);
        await clients.KeyValue.GetManyAsync(10);
        Log.Allow("could not be looked up");

        foreach (var answer in (IPAddress[]?[])[null, []])
        {
            dns.Set(answer);
            var asked = dns.Asked;
            await CallUntilAsync(clients, () => dns.Asked >= asked + 2);
        }
    }

    [Fact]
    public async Task Name_HadNoAddress_RecoversWithoutARestart()
    {
        using var dns = new DnsServer();
        await using var group = await StartAsync(1);
        await using var clients = await StartAsync(group, dns);
        Log.Allow("could not be looked up");
        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        Assert.Contains("No endpoint", failure.Status.Detail, StringComparison.Ordinal);

        dns.Set(Addresses[..1]);
        await clients.KeyValue.GetAsync(Calls.AnyGet, new CallOptions().WithWaitForReady());
    }

    private static async Task<ServerGroup> StartAsync(int count)
    {
        var group = await ServerGroup.StartAsync(1);
        foreach (var address in Addresses[1..count])
        {
            await group.AddAsync(group[0].Port, address);
        }

        return group;
    }

    private static async Task CallUntilAsync(ClientHost clients, Func<bool> condition)
    {
        using var stop = new CancellationTokenSource();
        var calling = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await clients.KeyValue.GetAsync(Calls.AnyGet);
            }
        });
        await Eventually.HoldsAsync(condition);
        await stop.CancelAsync();
        await calling;
    }

    private Task<ClientHost> StartAsync(ServerGroup group, DnsServer dns) => ClientHost.StartAsync(Log, services =>
    {
        services.AddSingleton<NameLookup>(new DnsNames(dns.EndPoint));
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri($"dns:///service.test:{group[0].Port}");
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            options.Endpoints.RefreshInterval = TimeSpan.FromSeconds(1);
            options.Endpoints.SlowStart = TimeSpan.Zero;
        });
    });
}
