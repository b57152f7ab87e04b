using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>
/// What it costs a unary call of 100 B over TLS on loopback that somebody listens to its metrics: to all of them but the sizes of messages, and to
/// all. Each contender has meters of its own, and they take turns of some milliseconds.
/// </summary>
internal sealed record ListenedCalls(double UnheardMicroseconds, Cost UnheardAgain, Cost AllButSizes, Cost All)
{
    public const string Name = "listened-calls";
    public const int Turns = 300;
    public static readonly int[] CallerCounts = [1, 16];
    private static readonly GetRequest Request = new();

    /// <param name="callers">How many call at a time.</param>
    /// <param name="server">Where the server listens.</param>
    public static async Task<ListenedCalls> MeasureAsync(int callers, ServerAddress server)
    {
        var calls = callers == 1 ? 50 : 400;
        await using var unheard = GrpcContenders.Pool(server);
        await using var unheardAgain = GrpcContenders.Pool(server);
        await using var allButSizes = GrpcContenders.Pool(server);
        await using var all = GrpcContenders.Pool(server);
        using var listeners = Listen(allButSizes, static instrument => !instrument.Name.Contains("message_size", StringComparison.Ordinal));
        using var listenersToAll = Listen(all, static _ => true);
        var turns = await Turn.TakeAsync(
            Turns,
            [.. new[] { unheard, unheardAgain, allButSizes, all }.Select(services => services.GetRequiredService<KeyValue.KeyValueClient>())
                .Select(client => (Func<Task>)(() => Callers.RunAsync(callers, calls, async () => await client.GetAsync(Request))))]);

        return new ListenedCalls(Turn.MedianMicroseconds(turns, 0, calls), Beside(1), Beside(2), Beside(3));

        Cost Beside(int contender) => Cost.Of(turns, 0, contender, calls);
    }

    private static MeterListener Listen(IServiceProvider services, Func<Instrument, bool> isWanted)
    {
        var meters = services.GetRequiredService<IMeterFactory>();
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "PooledClients" && instrument.Meter.Scope == meters && isWanted(instrument))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }
}
