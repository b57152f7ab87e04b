using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

public sealed class SpanTests : WatchedTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HedgedCall_OfACaller_HasOneRootThatIsNoError()
    {
        var stopped = new ConcurrentQueue<Activity>();
        using var listener = Listen(stopped);
        await using var server = await TestServer.StartAsync();
        await using var host = await ClientHost.StartAsync(Log, server.Address, static options => options.Resilience.Hedging.Delay = TimeSpan.FromSeconds(1));
        await host.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: Token);
        server.Behavior.Delay = TimeSpan.FromSeconds(20);
        using var caller = new Activity("caller").Start();

        var call = host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync;
        Assert.Same(caller, Activity.Current);
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);
        server.Behavior.Delay = TimeSpan.Zero;
        await call;

        Assert.Equal(2, Mine("Grpc.Net.Client").Length);
        var root = Assert.Single(Mine("PooledClients"));
        Assert.Equal((caller.SpanId, ActivityStatusCode.Unset), (root.ParentSpanId, root.Status));
        Assert.All(Mine("Grpc.Net.Client"), span => Assert.Equal((root.SpanId, ActivityStatusCode.Unset), (span.ParentSpanId, span.Status)));

        Activity[] Mine(string source) => [.. stopped.Where(span => span.TraceId == caller.TraceId && span.Source.Name == source)];
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RetriedStream_OfACallerAndOfNone_HasOneRoot(bool hasCaller)
    {
        var stopped = new ConcurrentQueue<Activity>();
        using var listener = Listen(stopped);
        await using var server = await TestServer.StartAsync();
        await using var host = await ClientHost.StartAsync(Log, server.Address);
        server.Behavior.FailTimes = 2;
        using var caller = hasCaller ? new Activity("caller").Start() : null;

        await host.KeyValue.ScanAsync();

        Assert.Same(caller, Activity.Current);
        var attempts = stopped.Where(static span => span.Source.Name == "Grpc.Net.Client").ToArray();
        Assert.Contains(stopped, root => root.Source.Name == "PooledClients" && root.ParentSpanId == (caller?.SpanId ?? default) && attempts.Count(attempt => attempt.ParentSpanId == root.SpanId) == 3);
    }

    [Fact]
    public async Task CallThatWaits_OfACaller_HasAnEventAndNoSpanOfOurs()
    {
        var stopped = new ConcurrentQueue<Activity>();
        using var listener = Listen(stopped);
        await using var server = await TestServer.StartAsync();
        await using var host = await ClientHost.StartAsync(Log, server.Address, static options => (options.Admission.Mode, options.Admission.MaxCallsInFlight) = (AdmissionMode.Fixed, 1));
        server.Behavior.Hold();
        using var caller = new Activity("caller").Start();

        Task[] calls = [.. Enumerable.Range(0, 2).Select(_ => host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync)];
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);
        server.Behavior.Release();
        await Task.WhenAll(calls);

        await Eventually.EqualAsync(2, () => stopped.Count(span => span.TraceId == caller.TraceId && span.Source.Name == "Grpc.Net.Client"));
        var waits = stopped.Where(span => span.TraceId == caller.TraceId).SelectMany(static span => span.Events).Where(static happened => happened.Name == "pooledclients.wait");
        Assert.Equal(["admission", "dial"], waits.Select(static wait => wait.Tags.Single(static tag => tag.Key == "pooledclients.phase").Value).Order());
        Assert.DoesNotContain(stopped, span => span.TraceId == caller.TraceId && span.Source.Name == "PooledClients");
    }

    [Fact]
    public async Task RequestThatWaitsForTheBudget_OfACaller_HasAnEvent()
    {
        var stopped = new ConcurrentQueue<Activity>();
        using var listener = Listen(stopped);
        await using var holding = await TestServer.StartAsync();
        await using var starved = await TestServer.StartAsync(new TestServerOptions { Map = static application => application.MapGet("/", static _ => Task.CompletedTask) });
        await using var host = await ClientHost.StartAsync(Log, services =>
        {
            services.ConfigurePooledClients(static options => options.Descriptors.MaxConnections = 1);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(holding.Address));
            services.AddPooledHttpClient("starved", options => (options.BaseAddress, options.Tls.CaCertificatePem) = (starved.Address, TestAuthority.Shared.Pem));
        });
        holding.Behavior.Hold();
        var held = host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync;
        await Eventually.EqualAsync(1, () => holding.Behavior.InFlight);
        using var caller = new Activity("caller") { IsAllDataRequested = true }.Start();

        var waiting = host.Get<HttpClient>("starved").GetAsync(new Uri("/", UriKind.Relative), Token);
        await Eventually.HoldsAsync(() => host.Get<IPooledClientsDiagnostics>().Capture().Pools.Any(static pool => pool.OldestWait > TimeSpan.FromMilliseconds(20)));
        holding.Behavior.Release();
        await held;
        (await waiting).Dispose();

        var wait = Assert.Single(caller.Events);
        Assert.Equal(("pooledclients.wait", "budget"), (wait.Name, wait.Tags.Single(static tag => tag.Key == "pooledclients.phase").Value));
        Assert.True(wait.Tags.Single(static tag => tag.Key == "pooledclients.wait.duration").Value is > 0.0, "It has no length.");
    }

    private static ActivityListener Listen(ConcurrentQueue<Activity> stopped)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "PooledClients" or "Grpc.Net.Client" or "System.Net.Http",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
