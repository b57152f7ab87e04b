using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Endpoints that the application's service discovery, or a resolver of Grpc.Net.Client, tells.</summary>
public sealed class DiscoveryTests : WatchedTest
{
    private const string Warning = "The service config of";

    [Theory]
    [InlineData("https://search")]
    [InlineData("https+http://search")]
    [InlineData("https+http://_grpc.search")]
    public async Task Call_DiscoveredByConfiguration_ReachesAllEndpoints(string address)
    {
        await using var group = await ServerGroup.StartAsync(2, "search");
        var name = address.Contains("_grpc", StringComparison.Ordinal) ? "grpc" : "https";
        var settings = new Dictionary<string, string?>
        {
            [$"Services:search:{name}:0"] = $"https://127.0.0.1:{group[0].Port}",
            [$"Services:search:{name}:1"] = $"https://127.0.0.1:{group[1].Port}",
        };
        await using var clients = await ClientHost.StartAsync(
            Log,
            services =>
            {
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
                {
                    options.Address = new Uri(address);
                    options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
                }).AddServiceDiscovery();
            },
            settings);

        await group.IsSpreadAsync(() => Calls.RunAsync(callers: 4, total: 200, _ => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync), 20, 180);
    }

    [Fact]
    public async Task Call_ServiceDiscoveryIsNotRegistered_FailsTheStartWithTheWayOut()
    {
        Log.Allow("Hosting failed to start");
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => ClientHost.StartAsync(Log, ServerGroup.Address, static options =>
        {
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            options.Endpoints.Resolver = EndpointResolver.ServiceDiscovery;
        }));

        Assert.Contains("AddPooledClientsServiceDiscovery", failure.Message, StringComparison.Ordinal);
        Assert.Contains("PooledClients:Grpc:KeyValue:Endpoints:Resolver", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_SchemeOfARegisteredResolverFactory_ReachesItsAddresses()
    {
        await using var group = await ServerGroup.StartAsync(2);
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<ResolverFactory>(new StaticResolverFactory(_ => [.. group.Servers.Select(static server => new BalancerAddress("127.0.0.1", server.Port))]));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options =>
            {
                options.Address = new Uri("static:///service.test");
                options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            });
        });

        await group.IsSpreadAsync(() => Calls.RunAsync(callers: 4, total: 200, _ => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync), 20, 180);
    }

    [Fact]
    public async Task Call_ServiceConfigComesWithTheAddresses_IsTheCallsPolicyAndChangesWithIt()
    {
        Log.Allow(Warning);
        await using var group = await ServerGroup.StartAsync(1);
        var server = group[0];
        var resolver = new ConfiguredResolver(new BalancerAddress("127.0.0.1", server.Port));
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<ResolverFactory>(resolver);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options =>
            {
                options.Address = new Uri("configured:///service.test");
                options.Resilience.Breaker.Enabled = false;
                options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            });
        });
        await clients.KeyValue.PutAsync(Calls.AnyPut);
        server.Behavior.FailTimes = 1;
        await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        resolver.Tell(new ServiceConfig
        {
            MethodConfigs =
            {
                new MethodConfig
                {
                    Names = { MethodName.Default },
                    RetryPolicy = RetryPolicy(attempts: 3),
                },
            },
        });
        await UntilAsync(isRetried: true);

        resolver.Tell(config: null);
        await UntilAsync(isRetried: false);

        // The policies are others a moment after the resolver has told.
        async Task UntilAsync(bool isRetried)
        {
            for (var tries = 0; ; tries++)
            {
                server.Behavior.FailTimes = 1;
                var failure = await Record.ExceptionAsync(() => clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync);
                if (failure is null == isRetried)
                {
                    return;
                }

                Assert.True(tries < 2_000, $"A call is {(isRetried ? "not" : "still")} retried.");
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }
    }

    [Fact]
    public async Task Call_ServiceConfigThatIsTakenInPart_IsWarnedOfOnce()
    {
        Log.Allow(Warning);
        await using var group = await ServerGroup.StartAsync(1);
        var resolver = new ConfiguredResolver(new BalancerAddress("127.0.0.1", group[0].Port));
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<ResolverFactory>(resolver);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options =>
            {
                options.Address = new Uri("configured:///service.test");
                options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            });
        });
        await clients.KeyValue.PutAsync(Calls.AnyPut);

        foreach (var attempts in (int[])[9, 9, 8])
        {
            resolver.Tell(new ServiceConfig
            {
                RetryThrottling = new RetryThrottlingPolicy { MaxTokens = 10, TokenRatio = 0.1 },
                MethodConfigs =
                {
                    new MethodConfig { Names = { new MethodName { Service = "other" } }, HedgingPolicy = new HedgingPolicy { MaxAttempts = 2 } },
                    new MethodConfig { Names = { MethodName.Default }, RetryPolicy = RetryPolicy(attempts) },
                },
            });
            await Eventually.HoldsAsync(() => Notes().Any(note => note.Contains($"maxAttempts is {attempts}", StringComparison.Ordinal)));
        }

        string[] expected = ["$.retryThrottling", "$.methodConfig[0].hedgingPolicy", "maxAttempts is 9", "maxAttempts is 8", "KeyValue/Load"];
        Assert.All(expected, part => Assert.Single(Notes(), note => note.Contains(part, StringComparison.Ordinal)));

        string[] Notes() => [.. Log.Entries.Select(static entry => entry.Message).Where(static message => message.Contains(Warning, StringComparison.Ordinal))];
    }

    private static RetryPolicy RetryPolicy(int attempts) => new()
    {
        MaxAttempts = attempts,
        InitialBackoff = TimeSpan.FromMilliseconds(1),
        MaxBackoff = TimeSpan.FromMilliseconds(5),
        BackoffMultiplier = 2,
        RetryableStatusCodes = { StatusCode.Unavailable },
    };

    private sealed class ConfiguredResolver(BalancerAddress address) : ResolverFactory
    {
        private Action<ResolverResult>? _listener;

        public override string Name => "configured";

        public override Resolver Create(ResolverOptions options) => new Answering(this);

        public void Tell(ServiceConfig? config) => _listener!(ResolverResult.ForResult([address], config, config is null ? null : Status.DefaultSuccess));

        private sealed class Answering(ConfiguredResolver owner) : Resolver
        {
            public override void Start(Action<ResolverResult> listener)
            {
                owner._listener = listener;
                owner.Tell(config: null);
            }
        }
    }
}
