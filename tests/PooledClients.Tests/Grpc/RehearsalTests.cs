using System.Diagnostics;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Grpc;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc;

// A listener to activities listens to the whole process, and has every call in it start one: no other test runs meanwhile.
[Collection(nameof(RehearsalTests))]
[CollectionDefinition(nameof(RehearsalTests), DisableParallelization = true)]
public sealed class RehearsalTests
{
    [Fact]
    public async Task RehearseAsync_GeneratedClient_MakesEachUnaryCallOnceAndNoOther()
    {
        var invoker = new CountingInvoker();
        await new GrpcClientRegistration<KeyValue.KeyValueClient>(name: null).RehearseAsync(invoker);

        Assert.Equal(["Delete", "Get", "Put"], invoker.Methods.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task RehearseAsync_ClientThatWasNotGenerated_DoesNothing() =>
        await new GrpcClientRegistration<Version>(name: null).RehearseAsync(new CountingInvoker());

    // As OpenTelemetry samples by default: what its parent does not record, is not recorded.
    [Fact]
    public async Task RehearseAsync_ThroughTheChannel_SendsNothingAndIsInNoTrace()
    {
        var recorded = new List<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Grpc.Net.Client",
            Sample = static (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId != default && !options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                    ? ActivitySamplingResult.None
                    : ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity => recorded.Add(activity.OperationName),
        };
        ActivitySource.AddActivityListener(listener);
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("http://localhost:1"));
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<GrpcChannelPool>().RehearseAsync("KeyValue");

        Assert.Empty(recorded);
        Assert.Null(Activity.Current);
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
