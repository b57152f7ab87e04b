using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Proxies;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>What is told of an address behind a proxy.</summary>
public sealed class ProxyFaultTests : WatchedTest
{
    private const string Password = "s3cret";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ProxyThatRefuses_ShowsEverywhereWithoutItsPassword()
    {
        await using var proxy = TunnelProxy.Start(withCredentials: false, static () => true);
        var address = new UriBuilder(proxy.Address) { UserName = "user", Password = Password }.Uri;
        await using var host = await ShownHost.StartAsync(Log, services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options => options.ConnectTo(new Uri("https://localhost:1")))
                .ConfigureHandler(handler => handler.Proxy = new WebProxy(address));
            services.AddPooledHttpClient("api", static options => options.BaseAddress = new Uri("https://localhost:1"))
                .ConfigurePooledHandler(handler => handler.Proxy = new WebProxy(address));
        });

        var failure = await Calls.FailureOf(host.Services.GetRequiredService<KeyValue.KeyValueClient>().PutAsync(Calls.AnyPut, cancellationToken: Token));
        await Assert.ThrowsAsync<HttpRequestException>(() => host.Services.GetRequiredKeyedService<HttpClient>("api").GetAsync(new Uri("/", UriKind.Relative), Token));

        await host.WarnsAsync("cannot be reached");
        Assert.Contains("502", Assert.Single(host.Snapshot.Unreachable).LastError, StringComparison.Ordinal);
        Assert.Contains(Log.Entries, static entry => entry.Event.Name == "HttpRetrying");
        var health = await host.CheckAsync();
        string[] told =
        [
            failure.ToString(), host.Snapshot.ToJson(), await host.GetPageAsync(), health.Description ?? "", string.Join('\n', health.Data.Values), .. Log.Entries.Select(static entry => entry.ToString()),
        ];
        Assert.All(told, static text => Assert.DoesNotContain(Password, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ProxyThatComesBack_LeavesNothingUnreachable()
    {
        var refuses = true;
        await using var server = await TestServer.StartAsync();
        await using var proxy = TunnelProxy.Start(withCredentials: false, () => Volatile.Read(ref refuses));
        await using var host = await ShownHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address)).ConfigureHandler(handler => handler.Proxy = new WebProxy(proxy.Address)));
        var client = host.Services.GetRequiredService<KeyValue.KeyValueClient>();
        var target = server.Address.GetLeftPart(UriPartial.Authority);
        await Calls.FailureOf(client.PutAsync(Calls.AnyPut, cancellationToken: Token));
        Assert.Equal(target, Assert.Single(host.Snapshot.Unreachable).Address);

        Volatile.Write(ref refuses, false);
        await Calls.UntilAsync(
            () => host.Snapshot.Channels.Any(static channel => channel.CallsSucceeded > 0),
            token => Task.WhenAny(client.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow.AddSeconds(10), cancellationToken: token).ResponseAsync));

        Assert.Empty(host.Snapshot.Unreachable);
        Assert.Contains(host.Snapshot.Events, static happened => happened.Name == "AddressReachable");
        Assert.Equal(0, (await host.CheckAsync()).Data["addresses.unreachable"]);
        Assert.Null(host.Services.GetRequiredService<TransportRegistry>().Transports.Single().LastFailure);

        // The handshake is within the tunnel, where nobody sees it; what its calls have is TLS all the same.
        await host.Metrics.WaitForAsync("grpc.subchannel.open_connections", $"grpc.target={target}", "grpc.security_level=privacy_and_integrity");
        Assert.DoesNotContain(host.Metrics.Read("grpc.client.tls.handshakes"), point => point.Has($"grpc.target={target}"));
        Assert.DoesNotContain(host.Metrics.Read("pooledclients.connection.connect.duration"), static point => point.Has("pooledclients.phase=tls"));
    }

    [Fact]
    public async Task AddressThatNobodyCallsAnyMore_IsForgotten()
    {
        await using var proxy = TunnelProxy.Start(withCredentials: false, static () => true);
        await using var host = await ShownHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(static options => options.ConnectTo(new Uri("https://localhost:1"))).ConfigureHandler(handler => handler.Proxy = new WebProxy(proxy.Address)));
        await Calls.FailureOf(host.Services.GetRequiredService<KeyValue.KeyValueClient>().PutAsync(Calls.AnyPut, cancellationToken: Token));
        Assert.Single(host.Snapshot.Unreachable);

        host.Services.GetRequiredService<TransportRegistry>().Transports.Single().Retire();

        Assert.Empty(host.Snapshot.Unreachable);
    }
}
