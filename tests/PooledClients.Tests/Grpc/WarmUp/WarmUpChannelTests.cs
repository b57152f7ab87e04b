using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Budget;
using PooledClients.Grpc;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc.WarmUp;

// A listener to activities listens to the whole process, and has every call in it start one: no other test runs meanwhile.
[Collection(nameof(WarmUpChannelTests))]
[CollectionDefinition(nameof(WarmUpChannelTests), DisableParallelization = true)]
public sealed class WarmUpChannelTests
{
    [Fact]
    public async Task WarmUpAsync_GeneratedClient_MakesEachUnaryCallTwiceAndNoOther()
    {
        var invoker = new CountingInvoker();
        var answers = new List<byte[]>();
        var made = await new GrpcClientRegistration<KeyValue.KeyValueClient>(name: null)
            .WarmUpAsync(invoker, answers.Add, DateTime.MaxValue, TestContext.Current.CancellationToken);

        Assert.Equal(["Delete", "Delete", "Get", "Get", "Put", "Put"], invoker.Methods.Order(StringComparer.Ordinal));
        Assert.Equal((6, 3), (made, answers.Count));
        Assert.Contains(answers, static answer => answer.Length > 0 && GetResponse.Parser.ParseFrom(answer).Found);
    }

    [Fact]
    public async Task WarmUpAsync_ClientThatWasNotGenerated_DoesNothing() =>
        Assert.Equal(0, await new GrpcClientRegistration<Version>(name: null)
            .WarmUpAsync(new CountingInvoker(), static _ => { }, DateTime.MaxValue, TestContext.Current.CancellationToken));

    // As OpenTelemetry samples by default: what its parent does not record, is not recorded.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WarmUpAsync_ThroughTheChannel_IsInNoTraceAndNoMetric(bool isStartTraced)
    {
        var recorded = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Grpc.Net.Client" or "System.Net.Http",
            Sample = static (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId != default && !options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                    ? ActivitySamplingResult.None
                    : ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity => recorded.Add(activity.OperationName),
        };
        ActivitySource.AddActivityListener(listener);
        using var meters = new MeterListener
        {
            InstrumentPublished = static (instrument, meters) =>
            {
                if (instrument.Meter.Name is "System.Net.Http" or "PooledClients")
                {
                    meters.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((instrument, _, _, _) => recorded.Add(instrument.Name));
        meters.SetMeasurementEventCallback<double>((instrument, _, _, _) => recorded.Add(instrument.Name));
        meters.Start();
        await using var provider = BuildServices();

        using var start = isStartTraced ? new Activity("start") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start() : null;

        Assert.Equal(6, await WarmUpAsync(provider));

        Assert.Empty(recorded);
    }

    [Fact]
    public async Task WarmUpAsync_ManyTimes_LeavesNoConnectionAndNoLease()
    {
        await using var provider = BuildServices();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(6, await WarmUpAsync(provider));
        }

        Assert.Equal(0, provider.GetRequiredService<ConnectionGate>().InUse);
        var snapshot = provider.GetRequiredService<IPooledClientsDiagnostics>().Capture();
        Assert.Empty(snapshot.Connections);
        Assert.Empty(snapshot.Pools);
    }

    private static ServiceProvider BuildServices()
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("http://localhost:1"));
        return services.BuildServiceProvider();
    }

    private static async Task<int> WarmUpAsync(IServiceProvider services)
    {
        var pool = services.GetRequiredService<GrpcChannelPool>();
        var before = Activity.Current;
        int made;
        using (var channel = pool.CreateWarmUpChannel())
        {
            made = await pool.WarmUpAsync("KeyValue", channel, TestContext.Current.CancellationToken);
        }

        Assert.Same(before, Activity.Current);
        return made;
    }

    private sealed class CountingInvoker : CallInvoker
    {
        public List<string> Methods { get; } = [];

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            Methods.Add(method.Name);
            return new AsyncUnaryCall<TResponse>(
                Task.FromResult<TResponse>(null!), Task.FromResult(Metadata.Empty), static () => Status.DefaultSuccess, static () => Metadata.Empty, static () => { });
        }

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
            => throw new InvalidOperationException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
            => throw new InvalidOperationException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options)
            => throw new InvalidOperationException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options)
            => throw new InvalidOperationException();
    }
}
