using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Endpoints;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>Each fault shows wherever somebody may look: in health, metrics, log, snapshot and page.</summary>
public sealed class FaultTests : WatchedTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DeadServer_ShowsEverywhere()
    {
        var server = await TestServer.StartAsync();
        var address = server.Address;
        await server.DisposeAsync();
        await using var host = await ShownHost.StartAsync(Log, services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(address)));
        var client = host.Services.GetRequiredService<KeyValue.KeyValueClient>();
        var target = address.GetLeftPart(UriPartial.Authority);

        await Assert.ThrowsAsync<RpcException>(() => client.PutAsync(Calls.AnyPut, cancellationToken: Token).ResponseAsync);

        await host.WarnsAsync($"{target} cannot be reached");
        await host.Metrics.WaitForAsync("grpc.subchannel.connection_attempts_failed", $"grpc.target={target}");
        Assert.Equal(target, Assert.Single(host.Snapshot.Unreachable).Address);

        // Ten seconds is what health and the trouble list give it, for a restart is no trouble; somebody has to go on trying meanwhile.
        var health = await host.CheckAsync();
        Assert.Equal(HealthStatus.Healthy, health.Status);
        for (var began = DateTime.UtcNow; health.Status == HealthStatus.Healthy && DateTime.UtcNow - began < TimeSpan.FromSeconds(20); health = await host.CheckAsync())
        {
            await Assert.ThrowsAsync<RpcException>(() => client.PutAsync(Calls.AnyPut, cancellationToken: Token).ResponseAsync);
            await Task.Delay(TimeSpan.FromMilliseconds(200), Token);
        }

        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains($"{target} cannot be reached since", health.Description, StringComparison.Ordinal);
        Assert.Equal(1, health.Data["addresses.unreachable"]);
        Assert.Contains(host.Snapshot.Troubles, static trouble => trouble.Kind == "address");
        Assert.Contains("cannot be reached since", Words(await host.GetPageAsync()), StringComparison.Ordinal);
        Assert.Single(host.Warnings($"{target} cannot be reached"));
    }

    [Fact]
    public async Task ServiceThatIsNotResolved_ShowsEverywhere()
    {
        await using var group = await ServerGroup.StartAsync(1);
        var resolver = new ListResolver([]);
        await using var host = await ShownHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(static options => options.ConnectTo(ServerGroup.Address)).AddEndpointResolver(_ => resolver));
        Log.Allow("could not be looked up");
        resolver.Set(static () => throw new IOException("no such name"));
        var client = host.Services.GetRequiredService<KeyValue.KeyValueClient>();
        var target = ServerGroup.Address.GetLeftPart(UriPartial.Authority);

        await Calls.FailureOf(client.PutAsync(Calls.AnyPut, cancellationToken: Token));

        await host.WarnsAsync($"{target} cannot be reached: no such name");
        Assert.Equal(target, Assert.Single(host.Snapshot.Unreachable).Address);
        Assert.Equal(1, (await host.CheckAsync()).Data["addresses.unreachable"]);

        resolver.Set(() => [ServerGroup.EndPointOf(group[0])]);
        await Calls.UntilAsync(
            () => host.Snapshot.Unreachable.Count == 0, token => Task.WhenAny(client.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(5), cancellationToken: token).ResponseAsync));
        Assert.Contains(host.Snapshot.Events, static happened => happened.Name == "AddressReachable");
    }

    [Theory]
    [InlineData(true, "is not trusted")]
    [InlineData(false, "speaks no TLS")]
    public async Task HttpServerThatFailsItsHandshake_ShowsEverywhere(bool speaksTls, string reason)
    {
        using var other = new TestAuthority("another");
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = speaksTls, Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1 });
        var target = $"https://localhost:{server.Port}";
        await using var host = await ShownHost.StartAsync(Log, services => services.AddPooledHttpClient("api", options =>
        {
            (options.BaseAddress, options.Tls.CaCertificatePem) = (new Uri(target), other.Pem);
            options.Resilience.Retry.Enabled = false;
        }));

        await Assert.ThrowsAsync<HttpRequestException>(() => host.Services.GetRequiredKeyedService<HttpClient>("api").GetAsync(new Uri("/", UriKind.Relative), Token));

        await host.WarnsAsync($"{target} cannot be reached");
        var down = Assert.Single(host.Snapshot.Unreachable);
        Assert.Equal(target, down.Address);
        Assert.Contains(reason, down.LastError, StringComparison.Ordinal);
        Assert.Equal(1, (await host.CheckAsync()).Data["addresses.unreachable"]);
        await host.Metrics.WaitForAsync("pooledclients.connection.connect.duration", $"server.port={server.Port}", "pooledclients.phase=tls", "pooledclients.kind=http");
    }

    [Fact]
    public async Task FullBudget_ShowsEverywhere()
    {
        await using var holding = await TestServer.StartAsync();
        await using var starved = await TestServer.StartAsync();
        await using var host = await ShownHost.StartAsync(Log, services =>
        {
            services.ConfigurePooledClients(static options => options.Descriptors.MaxConnections = 1);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("holding", options => options.ConnectTo(holding.Address));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("starved", options => options.ConnectTo(starved.Address));
        });
        holding.Behavior.Hold();
        var held = host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>("holding").GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync;
        await Eventually.EqualAsync(1, () => holding.Behavior.InFlight);

        var waiting = host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>("starved").GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync;

        await host.WarnsAsync("for a place in the budget");
        var health = await host.CheckAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("wait for the budget of 1 connections", health.Description, StringComparison.Ordinal);
        Assert.Equal(1, host.Snapshot.Pools.Sum(static pool => pool.Waiting));
        Assert.True(host.Snapshot.Pools.Max(static pool => pool.OldestWait) > TimeSpan.FromSeconds(0.9));
        Assert.Contains("wait for the budget of 1 connections", Words(await host.GetPageAsync()), StringComparison.Ordinal);
        holding.Behavior.Release();
        await held;
        await waiting;
        await host.Metrics.WaitForAsync("pooledclients.connections.wait.duration", $"server.port={starved.Port}");
    }

    [Fact]
    public async Task ExpiringCertificate_ShowsEverywhere()
    {
        using var authority = TestCertificates.CreateAuthority();
        using var certificate = TestCertificates.Create(new CertificateTemplate { Subject = "CN=shop", ValidFrom = TimeSpan.FromHours(-23), ValidTo = TimeSpan.FromHours(3) }, authority);
        await using var server = await TestServer.StartAsync(new TestServerOptions { Certificate = certificate });
        await using var host = await ShownHost.StartAsync(Log, services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = server.Address;
            options.Tls.CaCertificatePem = authority.ExportCertificatePem();
        }));
        Log.Allow("expires in");

        await host.Services.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(Calls.AnyGet, cancellationToken: Token);

        Assert.NotEmpty(host.Warnings("expires in"));
        var health = await host.CheckAsync();
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains(certificate.Thumbprint, health.Description, StringComparison.Ordinal);
        Assert.Contains(host.Snapshot.Certificates, one => one.ExpiresSoon && one.Thumbprint == certificate.Thumbprint);
        var source = $"pooledclients.tls.certificate.source={server.Address.GetLeftPart(UriPartial.Authority)}";
        Assert.InRange((await host.Metrics.WaitForAsync("pooledclients.tls.certificate.time_to_expiry", "pooledclients.tls.certificate.use=server", source)).Value, 2 * 3600, 3 * 3600);
        Assert.Contains(certificate.Thumbprint, await host.GetPageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LeakedResponses_ShowEverywhere()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions
        {
            Tls = false,
            Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1,
            Map = static application => Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(application, "/big", static async context =>
            {
                await context.Response.BodyWriter.WriteAsync(new byte[64], context.RequestAborted);
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }),
        });
        await using var host = await ShownHost.StartAsync(Log, services => services.AddPooledHttpClient("api", options =>
        {
            options.BaseAddress = new Uri($"http://localhost:{server.Port}");
            options.ResponseHeldWarning = TimeSpan.FromSeconds(1);
        }));
        Log.Allow("have been open and unread");
        Log.Allow("leaked");

        List<HttpResponseMessage> held = [];
        await HoldAsync(host.Services.GetRequiredKeyedService<HttpClient>("api"), held);

        Assert.Equal(3, host.Snapshot.OpenResponses.Count);
        await host.Metrics.WaitForAsync("pooledclients.http.responses.open", "pooledclients.client=api");
        await host.WarnsAsync("have been open and unread");
        Assert.Equal(3, (await host.CheckAsync()).Data["responses.open"]);
        Assert.Contains($"GET localhost:{server.Port}/big", Words(await host.GetPageAsync()), StringComparison.Ordinal);

        held.Clear();

        // What is dropped for good is a leak once a collection has found it.
        await Eventually.HoldsAsync(
            () =>
            {
                GC.Collect();
                return host.Metrics.Read("pooledclients.http.responses.leaked").Any(static point => point.Has("pooledclients.client=api"));
            });
    }

    [Fact]
    public async Task Rotation_OfTheTrust_ShowsEverywhere()
    {
        using var folder = new TempFolder();
        using var other = new TestAuthority("another");
        var path = folder.Write("ca.pem", TestAuthority.Shared.Pem);
        await using var server = await TestServer.StartAsync();
        await using var host = await ShownHost.StartAsync(Log, services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = server.Address;
            (options.Tls.CaCertificatePath, options.Tls.ReloadInterval) = (path, TimeSpan.FromSeconds(1));
        }));
        await host.Services.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(Calls.AnyGet, cancellationToken: Token);

        folder.Write("ca.pem", other.Pem + "\n" + TestAuthority.Shared.Pem);

        await host.Metrics.WaitForAsync("pooledclients.generations.replaced", $"server.port={server.Port}", "pooledclients.reason=its certificates changed");
        await host.Metrics.WaitForAsync("pooledclients.tls.reloads", "pooledclients.tls.material=ca", "pooledclients.tls.result=used");
        Assert.True((await host.Metrics.WaitForAsync("pooledclients.tls.reads", "pooledclients.tls.material=ca")).Value >= 2);
        Assert.Contains(host.Snapshot.Events, static happened => happened.Name == "TrustChanged");
        Assert.Equal(2, Assert.Single(host.Snapshot.Channels).Generation);
    }

    // The text wraps where its line ends.
    private static string Words(string page) => string.Join(' ', page.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Reliability", "CA2000", Justification = "Not disposing is what is tested.")]
    private static async Task HoldAsync(HttpClient client, List<HttpResponseMessage> held)
    {
        for (var i = 0; i < 3; i++)
        {
            held.Add(await client.GetAsync(new Uri("/big", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token));
        }
    }
}
