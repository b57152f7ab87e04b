using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Endpoints;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>Connections that take no new call and are held open by the calls that they have.</summary>
public class HeldConnectionTests : WatchedTest
{
    private const string Warning = "takes no new call is kept open";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Stream_HoldsAConnectionThatWasReplaced_IsToldOfAndNothingIsLeftOfIt()
    {
        Allow();
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<TimeProvider>(_time);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address));
        });

        var held = await HoldAsync(clients);

        await Eventually.EqualAsync(0, () => server.Connections.Open);
        await Eventually.HoldsAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            GC.Collect();
            return !held.IsAlive;
        });
    }

    [Fact]
    public async Task Stream_AtAnEndpointThatHasLeft_IsToldOfAndEndedAfterAnHour()
    {
        Allow();
        await using var group = await ServerGroup.StartAsync(2);
        var resolver = new ListResolver(group.EndPoints);
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<TimeProvider>(_time);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                group.Configure(options);
                options.Endpoints.Resolver = EndpointResolver.None;
                options.Endpoints.Addresses.Clear();
                options.Endpoints.Policy = EndpointPolicy.PickFirst;
            }).AddEndpointResolver(_ => resolver);
        });
        using var call = clients.KeyValue.Exchange();
        await AdvanceUntilAsync(TimeSpan.FromMilliseconds(10), () => group.Servers.Sum(static server => server.Behavior.Processed("Exchange")) == 1);
        var held = group.Servers.Single(static server => server.Behavior.Processed("Exchange") == 1);

        resolver.Set(() => [ServerGroup.EndPointOf(group.Servers.Single(server => server != held))]);
        await AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => clients.Transport.Set!.All.Count == 1);
        await AdvanceUntilAsync(TimeSpan.FromSeconds(5), HasWarned);
        Assert.Equal(1, held.Connections.Open);

        _time.Advance(TimeSpan.FromHours(1));
        await AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => held.Connections.Open == 0);
    }

    // Apart, so that nothing of the call is on the stack of who looks for the connection.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> HoldAsync(ClientHost clients)
    {
        using var call = clients.KeyValue.Exchange();
        await call.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        var held = new WeakReference(clients.Transport.Endpoint!.Connections.Current.Single());
        clients.Transport.Replace("the test says so", clients.Transport.Current);
        await AdvanceUntilAsync(TimeSpan.FromSeconds(5), HasWarned);
        return held;
    }

    private bool HasWarned() => Log.Entries.Any(static entry => entry.Message.Contains(Warning, StringComparison.Ordinal));

    private void Allow()
    {
        Log.Allow(Warning);
        Log.Allow("Nobody reads the response");
    }

    private Task AdvanceUntilAsync(TimeSpan step, Func<bool> condition) => Eventually.HoldsAsync(() =>
    {
        _time.Advance(step);
        return condition();
    });
}
