using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>
/// The first call of a process that was warmed up as far as its contender can be, and the calls long after it: one right after the
/// other, and each after a pause, as a first call comes.
/// </summary>
internal sealed record FirstCall(double ReadyMs, double FirstMs, double SecondMs, double SteadyP50Ms, double PausedP50Ms)
{
    public const string Name = "first-call";
    public const string Plain = "plain channel, ConnectAsync";
    public const string Pooled = "PooledClients, WarmUp";
    public const string Cold = "plain channel, not connected";
    private const int Calls = 3000;
    private const int Counted = 1000;
    private const int PausedCalls = 31;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task<FirstCall> MeasureAsync(string contender, ServerAddress server)
    {
        var started = Stopwatch.GetTimestamp();
        if (contender == Pooled)
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.Address = new Uri(server.Url);
                options.Tls.CaCertificatePem = server.CaPem;
                options.WarmUp = true;
            });
            using var host = builder.Build();
            await host.StartAsync();
            return await MeasureAsync(host.Services.GetRequiredService<KeyValue.KeyValueClient>(), Stopwatch.GetElapsedTime(started));
        }

        using var channel = Handlers.CreateChannel(server);
        if (contender == Plain)
        {
            await channel.ConnectAsync();
        }

        return await MeasureAsync(new KeyValue.KeyValueClient(channel), Stopwatch.GetElapsedTime(started));
    }

    private static async Task<FirstCall> MeasureAsync(KeyValue.KeyValueClient client, TimeSpan ready)
    {
        // The code that measures is nobody's: it is compiled before it does.
        await TimeAsync(new KeyValue.KeyValueClient(new ImmediateInvoker()), calls: 40);
        var times = await TimeAsync(client, Calls);
        List<double> paused = [];
        for (var call = 0; call < PausedCalls; call++)
        {
            await Task.Delay(Pause);
            paused.AddRange(await TimeAsync(client, calls: 1));
        }

        return new FirstCall(ready.TotalMilliseconds, times[0], times[1], times[^Counted..].Median(), paused.Median());
    }

    private static async Task<double[]> TimeAsync(KeyValue.KeyValueClient client, int calls)
    {
        var request = new GetRequest();
        var times = new double[calls];
        for (var call = 0; call < calls; call++)
        {
            var started = Stopwatch.GetTimestamp();
            await client.GetAsync(request, deadline: DateTime.UtcNow.AddSeconds(30));
            times[call] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        return times;
    }

    /// <summary>Answers from the pool, and passes nothing of a channel.</summary>
    private sealed class ImmediateInvoker : CallInvoker
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
            => new(RespondAsync<TResponse>(), Task.FromResult(Metadata.Empty), static () => Status.DefaultSuccess, static () => Metadata.Empty, static () => { });

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
            => throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
            => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options)
            => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options)
            => throw new NotSupportedException();

        private static async Task<TResponse> RespondAsync<TResponse>()
        {
            await Task.Yield();
            return default!;
        }
    }
}
