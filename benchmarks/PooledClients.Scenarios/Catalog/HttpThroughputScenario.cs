using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;
using PooledClients.Scenarios.Throughput;

namespace PooledClients.Scenarios.Catalog;

/// <summary>How many requests of 100 bytes a way to make HTTP requests gets answered, told by the factory's of the same round.</summary>
internal sealed class HttpThroughputScenario() : Scenario(
    "http-throughput", "reads of 100 B over HTTP/1.1 and HTTP/2, from 1 to 400 callers; contenders take turns round by round")
{
    private const double Uncounted = 0.15;
    private const double Counted = 0.5;
    private const int WarmUpCallers = 16;
    private static readonly Contender Plain = HttpContender.HttpClientFactory;
    private static readonly (string Name, bool Http2, int[] Callers)[] Kinds = [("HTTP/1.1", false, [1, 16, 64, 400]), ("HTTP/2", true, [16, 100, 400])];

    private readonly Dictionary<string, Row> _rows = [];

    public override IReadOnlyList<Contender> Contenders => HttpContender.LongLived;

    // All contenders are measured with the first one's row, after a round that warms up.
    public override TimeSpan Expected(BenchOptions options)
        => TimeSpan.FromSeconds(Kinds.Sum(static kind => kind.Callers.Length) * (Rounds(options) + 1) * (Uncounted + Counted) * Contenders.Count);

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
        await using var clients = load.BuildHttp();
        await Turns.ServeAsync(load, _ => () => clients.Take().GetByteArrayAsync("values/1"));
        return null;
    }

    private static int Rounds(BenchOptions options) => options.Count(9, 3);

    private async Task MeasureAllAsync(Stage stage)
    {
        var server = await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour()));
        Contender[] contenders = [Plain, .. Contenders.Where(contender => contender != Plain && (stage.Options.Contenders.Count == 0 || stage.Options.Contenders.Contains(contender.Name)))];
        Dictionary<Contender, LoadProcess> loads = [];
        List<LoadOutcome> outcomes = [];
        foreach (var (name, http2, callers) in Kinds)
        {
            loads.Clear();
            foreach (var contender in contenders)
            {
                var load = stage.Own(await LoadProcess.StartAsync(
                    new LoadSettings
                    {
                        Scenario = Name,
                        Contender = contender.Name,
                        Http = new HttpClientSettings(server.Addresses.Api, stage.Certificates.CaPath) { Http2 = http2 },
                    },
                    Stage.DescriptorLimit));
                await load.GoAsync();
                loads[contender] = load;
            }

            // What is measured is how they run for years: code is compiled again, better, for some seconds, the more of it the longer.
            await Turns.TakeAsync(loads, Plain, name, new RoundSettings(WarmUpCallers, Large: false, Uncounted, Seconds: 1), stage.Options.Count(4, 1));
            foreach (var count in callers)
            {
                outcomes.AddRange(await Turns.TakeAsync(loads, Plain, name, new RoundSettings(count, Large: false, Uncounted, Counted), Rounds(stage.Options)));
            }

            await Turns.EndAsync(loads.Values);
        }

        foreach (var contender in contenders)
        {
            _rows[contender.Name] = Turns.CreateRow(this, contender, loads[contender], [.. outcomes.Where(outcome => outcome.Contender == contender.Name)]);
        }
    }
}
