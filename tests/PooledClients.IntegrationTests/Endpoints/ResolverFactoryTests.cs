using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>A resolver of Grpc.Net.Client that the application has registered, and that reports errors.</summary>
public sealed class ResolverFactoryTests : WatchedTest
{
    private static readonly ResolverResult Away = ResolverResult.ForFailure(new Status(StatusCode.Unavailable, "the registry is away"));

    [Fact]
    public async Task Call_ResolverReportsErrorsAndNothing_FailsBeforeTheFirstAddressesAndNeverAfter()
    {
        await using var group = await ServerGroup.StartAsync(1);
        var resolver = new TellingResolver(Away);
        await using var clients = await StartAsync(resolver);
        Log.Allow("could not be looked up");

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("the registry is away", failure.Status.Detail, StringComparison.Ordinal);

        resolver.Tell(ResolverResult.ForResult([new BalancerAddress("127.0.0.1", group[0].Port)]));
        await clients.KeyValue.GetAsync(Calls.AnyGet, new CallOptions().WithWaitForReady());
        foreach (var result in (ResolverResult[])[Away, ResolverResult.ForResult([]), Away])
        {
            resolver.Tell(result);
            await clients.KeyValue.GetManyAsync(50);
        }
    }

    [Fact]
    public async Task Call_ResolverThrowsAsItStarts_FailsWithItsWordsAndRecovers()
    {
        await using var group = await ServerGroup.StartAsync(1);
        var resolver = new TellingResolver(null);
        await using var clients = await StartAsync(resolver);
        Log.Allow("could not be looked up");

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow.AddSeconds(20)));
        Assert.NotEqual(StatusCode.Internal, failure.StatusCode);

        resolver.First = ResolverResult.ForResult([new BalancerAddress("127.0.0.1", group[0].Port)]);
        await clients.KeyValue.GetAsync(Calls.AnyGet, new CallOptions().WithWaitForReady());
    }

    private Task<ClientHost> StartAsync(TellingResolver resolver) => ClientHost.StartAsync(Log, services =>
    {
        services.AddSingleton<ResolverFactory>(resolver);
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options =>
        {
            options.Address = new Uri("told:///service.test");
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
        });
    });

    /// <summary>Tells what the test says; throws as it starts where that is nothing.</summary>
    private sealed class TellingResolver(ResolverResult? first) : ResolverFactory
    {
        private Action<ResolverResult>? _listener;

        public ResolverResult? First { get; set; } = first;

        public override string Name => "told";

        public override Resolver Create(ResolverOptions options) => new Telling(this);

        public void Tell(ResolverResult result)
        {
            First = result;
            _listener!(result);
        }

        private sealed class Telling(TellingResolver owner) : Resolver
        {
            public override void Start(Action<ResolverResult> listener)
            {
                owner._listener = listener;
                listener(owner.First ?? throw new InvalidOperationException("the registry is not configured"));
            }

            public override void Refresh() => owner._listener!(owner.First ?? Away);
        }
    }
}
