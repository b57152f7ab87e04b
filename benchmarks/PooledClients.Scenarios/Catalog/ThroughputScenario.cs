using Google.Protobuf;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;
using PooledClients.Scenarios.Throughput;
using RocksDb.V1;

namespace PooledClients.Scenarios.Catalog;

/// <summary>
/// How many calls a contender makes of the same machine and server. The contenders take turns, round by round, so that what disturbs
/// the machine disturbs all of them; each rate is told by the plain channel's of the same round.
/// </summary>
internal sealed class ThroughputScenario() : Scenario(
    "throughput", "fast calls, calls of 50 ms, a mixture and large messages, from 1 to 1,500 callers; contenders take turns round by round")
{
    private const int ManyCallers = 400;
    private static readonly Contender Plain = GrpcContender.SharedChannel;

    private readonly Dictionary<string, Row> _rows = [];

    public override IReadOnlyList<Contender> Contenders => GrpcContender.LongLived;

    // All contenders are measured with the first one's row, after a round that warms up.
    public override TimeSpan Expected(BenchOptions options)
    {
        var turns = Kinds(options).Sum(kind => Callers(kind, options).Sum(callers => (Rounds(callers, options) + 1) * (Length(callers, options).Uncounted + Length(callers, options).Counted)));
        return TimeSpan.FromSeconds(turns * Contenders.Count);
    }

    /// <summary>Measures all contenders when the first is asked for, and tells the others' rows when their turn comes.</summary>
    public override async Task<Row> MeasureAsync(Stage stage)
    {
        if (!_rows.ContainsKey(stage.Contender.Name))
        {
            await MeasureAllAsync(stage);
        }

        return _rows[stage.Contender.Name];
    }

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        var settings = load.Settings.Grpc!;
        await Turns.ServeAsync(load, round =>
        {
            var request = new GetRequest
            {
                Database = KeyValueStore.SampleDatabase,
                Key = UnsafeByteOperations.UnsafeWrap(round.Large ? KeyValueStore.LargeKey : KeyValueStore.SampleKey),
            };
            return async () =>
            {
                using var lease = clients.Take(0);
                await lease.Stub.GetAsync(request, Calls.Options(settings, CancellationToken.None));
            };
        });
        return null;
    }

    // The machine changes its pace from one second to the next: many short turns tell more than a few long ones.
    private static int Rounds(int callers, BenchOptions options) => callers >= ManyCallers ? options.Count(11, 2) : options.Count(21, 11);

    private static IEnumerable<LoadKind> Kinds(BenchOptions options) => LoadKind.All.Where(kind => options.Loads.Count == 0 || options.Loads.Contains(kind.Name));

    private static int[] Callers(LoadKind kind, BenchOptions options) => options.Callers.Count > 0 ? [.. kind.Callers.Intersect(options.Callers)]
        : options.Quick ? [.. kind.Callers.Where(callers => callers is 16 or 1500)]
        : kind.Callers;

    // Many callers get the time to climb that the plain channel does not need.
    private static (double Uncounted, double Counted) Length(int callers, BenchOptions options) => callers >= ManyCallers ? (2, options.Duration(1, 1).TotalSeconds) : (0.1, options.Duration(0.4, 0.4).TotalSeconds);

    private async Task MeasureAllAsync(Stage stage)
    {
        var server = await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour()));
        Contender[] contenders = [Plain, .. Contenders.Where(contender => contender != Plain && (stage.Options.Contenders.Count == 0 || stage.Options.Contenders.Contains(contender.Name)))];
        Dictionary<Contender, LoadProcess> loads = [];
        foreach (var contender in contenders)
        {
            var load = stage.Own(await LoadProcess.StartAsync(Load(stage, server, contender), Stage.DescriptorLimit));
            await load.GoAsync();
            loads[contender] = load;
        }

        List<LoadOutcome> outcomes = [];
        foreach (var kind in Kinds(stage.Options))
        {
            await server.BehaveAsync(kind.Behaviour);
            foreach (var callers in Callers(kind, stage.Options))
            {
                (var uncounted, var counted) = Length(callers, stage.Options);
                outcomes.AddRange(await Turns.TakeAsync(loads, Plain, kind.Name, new RoundSettings(callers, kind.Large, uncounted, counted), Rounds(callers, stage.Options)));
            }
        }

        await Turns.EndAsync(loads.Values);

        foreach (var contender in contenders)
        {
            _rows[contender.Name] = Turns.CreateRow(this, contender, loads[contender], [.. outcomes.Where(outcome => outcome.Contender == contender.Name)]);
        }
    }

    private static LoadSettings Load(Stage stage, ServerProcess server, Contender contender) => new()
    {
        Scenario = stage.Scenario.Name,
        Contender = contender.Name,
        Grpc = new GrpcClientSettings { Addresses = server.Addresses.Grpc, CaPath = stage.Certificates.CaPath },
    };
}
