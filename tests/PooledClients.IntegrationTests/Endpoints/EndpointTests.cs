using System.Net;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Dialing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Several endpoints behind one client: who gets the calls, and what the end of one does to them.</summary>
public sealed class EndpointTests : WatchedTest
{
    [Fact]
    public async Task Calls_FiveEndpoints_AreSpreadAndVerifiedForTheServicesName()
    {
        await using var group = await ServerGroup.StartAsync(5);
        await using var clients = await ClientHost.StartAsync(Log, ServerGroup.Address, group.Configure);

        await group.IsSpreadAsync(() => Calls.RunAsync(callers: 8, total: 1_000, _ => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync), 60, 400);

        Assert.All(group.Servers, static server => Assert.Equal(1, server.Connections.Accepted));
        var seen = clients.Get<IPooledClientsDiagnostics>().Capture().Endpoints;
        Assert.All(seen, static endpoint => Assert.Equal(("https://service.test", "Ready"), (endpoint.Service, endpoint.State)));
        Assert.Equal((5, group.Servers.Sum(ServerGroup.CallsOf)), (seen.Count, seen.Sum(static endpoint => endpoint.Picks)));
    }

    [Fact]
    public async Task Calls_AThousandEndpoints_HoldTwentySockets()
    {
        await using var group = await ServerGroup.StartAsync(1);
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<NameLookup>(new FakeNames(IPAddress.Loopback));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.Address = ServerGroup.Address;
                options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
                options.Endpoints.Resolver = EndpointResolver.Static;
                for (var node = 0; node < 1_000; node++)
                {
                    options.Endpoints.Addresses.Add($"node{node}.service.test:{group[0].Port}");
                }
            });
        });

        await clients.KeyValue.GetManyAsync(50);
        await Eventually.HoldsAsync(() => clients.Get<IPooledClientsDiagnostics>().Capture().Endpoints.Count(static endpoint => endpoint.State == "Ready") == 20);
        await clients.KeyValue.GetManyAsync(200);

        Assert.Equal(20, group[0].Connections.Accepted);
    }

    [Fact]
    public async Task Retry_AfterUnavailable_GoesToAnotherEndpoint()
    {
        await using var group = await ServerGroup.StartAsync(2);
        group[0].Behavior.FailTimes = int.MaxValue;
        await using var clients = await ClientHost.StartAsync(Log, ServerGroup.Address, options =>
        {
            group.Configure(options);
            options.Endpoints.Policy = EndpointPolicy.RoundRobin;
            options.Endpoints.Ejection.Enabled = false;
            options.Resilience.Retry.MaxAttempts = 2;
            options.Methods["Get"] = new GrpcMethodOptions { Idempotent = true };
        });

        await clients.KeyValue.GetAsync(Calls.AnyGet);
        await Eventually.EqualAsync(2, () => clients.Get<IPooledClientsDiagnostics>().Capture().Endpoints.Count(static endpoint => endpoint.State == "Ready"));
        await clients.KeyValue.GetManyAsync(20);

        Assert.InRange(group[0].Behavior.TotalProcessed, 5, 21);
        Assert.Equal(21, group[1].Behavior.TotalProcessed);
    }

    [Fact]
    public async Task Hedge_WhileTheFirstAttemptHangs_GoesToAnotherEndpoint()
    {
        await using var group = await ServerGroup.StartAsync(2);
        await using var clients = await ClientHost.StartAsync(Log, ServerGroup.Address, options =>
        {
            group.Configure(options);
            options.Endpoints.Policy = EndpointPolicy.PickFirst;
            options.Resilience.Hedging.Delay = TimeSpan.FromMilliseconds(50);
            options.Methods["Get"] = new GrpcMethodOptions { Idempotent = true };
        });
        await clients.KeyValue.PutAsync(Calls.AnyPut);
        await Eventually.HoldsAsync(() => clients.Get<IPooledClientsDiagnostics>().Capture().Endpoints.Count(static endpoint => endpoint.State == "Ready") == 2);
        group[0].Behavior.Hold();

        await clients.KeyValue.GetAsync(Calls.AnyGet);

        Assert.True(group[1].Behavior.TotalProcessed > 0);
        group[0].Behavior.Release();
    }

    [Fact]
    public async Task Calls_OneEndpointIsKilled_IdempotentOnesDoNotFail()
    {
        await using var group = await ServerGroup.StartAsync(3);
        await using var clients = await ClientHost.StartAsync(Log, ServerGroup.Address, options =>
        {
            group.Configure(options);
            options.Methods["Get"] = new GrpcMethodOptions { Idempotent = true };
        });
        Log.Allow("left out");
        await Calls.RunAsync(callers: 4, total: 100, _ => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync);

        var calling = Calls.RunAsync(callers: 8, total: 2_000, _ => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync);
        await group.KillAsync(0);
        await calling;
    }

    [Fact]
    public async Task Calls_OneEndpointIsNotThereAtAll_GoToTheOthers()
    {
        await using var group = await ServerGroup.StartAsync(2);
        await using var clients = await ClientHost.StartAsync(Log, ServerGroup.Address, options =>
        {
            group.Configure(options);
            options.Endpoints.Addresses.Insert(0, "127.0.0.1:1");
        });

        await Calls.RunAsync(callers: 4, total: 200, _ => clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync);

        Assert.Equal(200, group.Servers.Sum(ServerGroup.CallsOf));
    }

    [Fact]
    public async Task Call_NoEndpointIsThere_FailsAsUnavailable()
    {
        await using var clients = await ClientHost.StartAsync(Log, ServerGroup.Address, static options =>
        {
            options.Endpoints.Resolver = EndpointResolver.Static;
            options.Endpoints.Addresses.Add("127.0.0.1:1");
            options.Endpoints.Addresses.Add("127.0.0.1:2");
        });

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("refused", failure.Status.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Resolver_EndpointsComeAndGo_CallsFollowAndOpenStreamsFinish()
    {
        await using var group = await ServerGroup.StartAsync(2);
        var resolver = new ListResolver([ServerGroup.EndPointOf(group[0])]);
        await using var clients = await StartAsync(resolver);
        var streams = Enumerable.Range(0, 20).Select(_ => clients.KeyValue.Exchange()).ToArray();
        await Task.WhenAll(streams.Select(ExchangeAsync));

        resolver.Set(() => [ServerGroup.EndPointOf(group[1])]);
        await Calls.UntilAsync(() => ServerGroup.CallsOf(group[1]) != 0, token => clients.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: token).ResponseAsync);

        var before = ServerGroup.CallsOf(group[0]);
        await clients.KeyValue.GetManyAsync(50);

        Assert.Equal(before, ServerGroup.CallsOf(group[0]));
        await Task.WhenAll(streams.Select(ExchangeAsync));
        Array.ForEach(streams, static stream => stream.Dispose());
    }

    [Fact]
    public async Task Resolver_FailsAndFindsNothing_TheLastGoodAnswerStays()
    {
        await using var group = await ServerGroup.StartAsync(1);
        var resolver = new ListResolver(group.EndPoints);
        await using var clients = await StartAsync(resolver);
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        Log.Allow("could not be looked up");

        resolver.Set(static () => throw new IOException("no such name"));
        await Eventually.HoldsAsync(() => resolver.Asked >= 2);
        await clients.KeyValue.GetManyAsync(20);
        resolver.Set(static () => []);
        await Eventually.HoldsAsync(() => resolver.Asked >= 3);
        await clients.KeyValue.GetManyAsync(20);
    }

    [Fact]
    public async Task Address_DnsScheme_ResolvesTheName()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, new Uri($"dns:///localhost:{server.Port}"), static options =>
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem);

        await clients.KeyValue.GetManyAsync(20);

        Assert.Equal(20, ServerGroup.CallsOf(server));
    }

    [Fact]
    public async Task Clients_OfOneNameResolvedByDns_ShareTheConnections()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Configure);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("other", Configure);
        });

        await clients.KeyValue.GetAsync(Calls.AnyGet);
        await clients.Get<KeyValue.KeyValueClient>("other").GetAsync(Calls.AnyGet);

        Assert.Equal(1, server.Connections.Accepted);

        void Configure(PooledGrpcClientOptions options)
        {
            options.Address = new Uri($"dns:///localhost:{server.Port}");
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
        }
    }

    private static async Task ExchangeAsync(AsyncDuplexStreamingCall<ExchangeRequest, ExchangeResponse> stream)
    {
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Put = Calls.AnyPut });
        Assert.True(await stream.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
    }

    private Task<ClientHost> StartAsync(ListResolver resolver) => ClientHost.StartAsync(Log, services =>
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options =>
        {
            options.Address = ServerGroup.Address;
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
        }).AddEndpointResolver(_ => resolver));
}
