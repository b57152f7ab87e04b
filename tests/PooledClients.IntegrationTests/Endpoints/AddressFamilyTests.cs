using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Dialing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Endpoints of IPv6, where this machine has it.</summary>
public sealed class AddressFamilyTests : WatchedTest
{
    [Fact]
    public async Task Static_LiteralOfIPv6_IsReachedAndVerifiedForTheServicesName()
    {
        SkipWithoutIPv6();
        await using var group = await ServerGroup.StartAsync(0);
        var server = await group.AddAsync(address: IPAddress.IPv6Loopback);
        await using var clients = await ClientHost.StartAsync(Log, ServerGroup.Address, options =>
        {
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            options.Endpoints.Resolver = EndpointResolver.Static;
            options.Endpoints.Addresses.Add($"[::1]:{server.Port}");
        });

        await clients.KeyValue.GetManyAsync(20);

        Assert.Equal(20, ServerGroup.CallsOf(server));
    }

    [Fact]
    public async Task Dns_HostHasBothFamilies_BothAreEndpoints()
    {
        SkipWithoutIPv6();
        await using var group = await ServerGroup.StartAsync(1);
        var second = await group.AddAsync(group[0].Port, IPAddress.IPv6Loopback);
        await using var clients = await StartAsync(group, "service.test", IPAddress.IPv6Loopback, IPAddress.Loopback);

        await group.IsSpreadAsync(() => Calls.RunAsync(callers: 4, total: 200, _ => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync), 20, 180);

        Assert.Equal(1, second.Connections.Accepted);
    }

    [Fact]
    public async Task Dns_AddressIsALiteralOfIPv6_IsItsOwnEndpoint()
    {
        SkipWithoutIPv6();
        await using var group = new ServerGroup("::1");
        var server = await group.AddAsync(address: IPAddress.IPv6Loopback);
        await using var clients = await StartAsync(group, "[::1]");

        await clients.KeyValue.GetManyAsync(20);

        Assert.Equal(20, ServerGroup.CallsOf(server));
    }

    private static void SkipWithoutIPv6()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        }
        catch (SocketException)
        {
            Assert.Skip("This machine has no IPv6 loopback.");
        }
    }

    private Task<ClientHost> StartAsync(ServerGroup group, string host, params IPAddress[] addresses) => ClientHost.StartAsync(Log, services =>
    {
        if (addresses.Length > 0)
        {
            services.AddSingleton<NameLookup>(new FakeNames(addresses));
        }

        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri($"https://{host}:{group[0].Port}");
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            options.Endpoints.Resolver = EndpointResolver.Dns;
        });
    });
}
