using System.Collections.Concurrent;
using System.Diagnostics;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

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
