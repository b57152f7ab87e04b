using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>
/// What a unary call of 100 B over TLS on loopback costs beside one of a plain channel with a deadline, part by part. It finds
/// differences that the load bench cannot see: the contenders share a process and take turns of some milliseconds.
/// </summary>
internal sealed record UnaryCalls(double PlainMicroseconds, Cost PlainAgain, Cost Pooled, Cost Once, Cost Bare)
{
    public const string Name = "unary-calls";
    public const int Turns = 150;
    public static readonly int[] CallerCounts = [1, 16, 100];
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly GetRequest Request = new();

    /// <param name="callers">How many call at a time.</param>
    /// <param name="server">Where the server listens.</param>
    public static async Task<UnaryCalls> MeasureAsync(int callers, ServerAddress server)
    {
        // About as long a turn for all: one caller waits for each call.
        var calls = callers == 1 ? 50 : 400;
        using var plain = Handlers.CreateChannel(server);
        using var plainAgain = Handlers.CreateChannel(server);
        await using var pooled = GrpcContenders.Pool(server);
        await using var once = GrpcContenders.Pool(server, options => options.Resilience.Retry.MaxAttempts = 1);
        await using var bare = GrpcContenders.Pool(server, options =>
        {
            options.Resilience.Retry.MaxAttempts = 1;
            options.Resilience.Breaker.Enabled = false;
            options.Admission.Mode = AdmissionMode.Off;
        });
        var turns = await Turn.TakeAsync(
            Turns,
            [.. new[] { new KeyValue.KeyValueClient(plain), new KeyValue.KeyValueClient(plainAgain) }.Select(client => Work(callers, calls, async () => await client.GetAsync(Request, deadline: DateTime.UtcNow + Deadline))),
             .. new[] { pooled, once, bare }.Select(services => services.GetRequiredService<KeyValue.KeyValueClient>()).Select(client => Work(callers, calls, async () => await client.GetAsync(Request)))]);

        return new UnaryCalls(Turn.MedianMicroseconds(turns, 0, calls), Beside(1), Beside(2), Beside(3), Beside(4));

        Cost Beside(int contender) => Cost.Of(turns, 0, contender, calls);
    }

    private static Func<Task> Work(int callers, int calls, Func<Task> call) => () => Callers.RunAsync(callers, calls, call);
}
