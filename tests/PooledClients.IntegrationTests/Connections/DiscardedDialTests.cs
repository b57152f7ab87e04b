using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Diagnostics;
using PooledClients.TestBed.Relays;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>A connect whose connection would not be used any more ends at once, and not when its time is over, which no test would wait for.</summary>
public sealed class DiscardedDialTests : MeasuredTest
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Dispose_WhileAHandshakeHangs_ClosesItsSocketAndGivesItsLeaseBack()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var clients = await StartPatientAsync(new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        var gate = clients.Get<ConnectionGate>();
        var call = Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        using var socket = await listener.AcceptSocketAsync(Token);
        Assert.NotEqual(0, await socket.ReceiveAsync(new byte[4096], Token));
        Assert.Equal(1, gate.InUse);

        await clients.DisposeAsync();

        await Eventually.HoldsAsync(() => IsClosed(socket));
        await Eventually.EqualAsync(0, () => gate.InUse);
        await call;
    }

    [Fact]
    public async Task Dispose_WhileALookUpHangs_GivesItsLeaseBack()
    {
        var names = new HangingNames();
        var clients = await StartPatientAsync(new Uri("https://server.test"), services => services.AddSingleton<NameLookup>(names));
        var gate = clients.Get<ConnectionGate>();
        var call = Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        await names.Asked;
        Assert.Equal(1, gate.InUse);

        await clients.DisposeAsync();

        await Eventually.EqualAsync(0, () => gate.InUse);
        await call;
    }

    [Fact]
    public async Task Replace_WhileTheOnlyConnectThatTheBudgetAllowsHangs_TheNextOneIsMade()
    {
        await using var server = await TestServer.StartAsync();
        await using var relay = new Relay(server.Port) { SwallowsNew = true };
        await using var clients = await StartPatientAsync(
            relay.AddressFor(server.Address), services => services.ConfigurePooledClients(static options => options.Descriptors.MaxConnections = 1));
        var call = clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync;
        await Eventually.EqualAsync(1, () => server.Connections.Accepted);
        relay.SwallowsNew = false;

        clients.Transport.Replace("the test says so", clients.Transport.Current);
        await call;

        Assert.Equal(1, clients.Get<ConnectionGate>().InUse);
        Assert.Null(clients.Transport.LastFailure);
        Assert.Empty(Seen.Read("grpc.subchannel.connection_attempts_failed"));
        Assert.All(Seen.Read("grpc.client.tls.handshakes"), static handshake => Assert.True(handshake.Has("grpc.tls.handshake.result=SUCCESS"), handshake.ToString()));
    }

    private static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Receive(new byte[4096]) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private Task<ClientHost> StartPatientAsync(Uri address, Action<IServiceCollection>? configure = null) => StartAsync(services =>
    {
        configure?.Invoke(services);
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(address);
            options.Connection.ConnectTimeout = Long;
        });
    });

    private sealed class HangingNames : NameLookup
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public override async Task<IPAddress[]> GetAddressesAsync(string host, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return [];
        }
    }
}
