using System.Text.Json;
using System.Text.Json.Nodes;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Throughput;

/// <summary>
/// Has contenders take turns, round by round, so that what disturbs the machine disturbs all of them; each is told by another one of the
/// same round.
/// </summary>
internal static class Turns
{
    private const string OutcomesName = "loads";
    private const string RoundCommand = "round";
    private const string EndCommand = "end";

    /// <summary>Makes the rounds that are asked for, in the contender's process, until it is told to end.</summary>
    public static async Task ServeAsync(LoadContext load, Func<RoundSettings, Func<Task>> call)
    {
        var end = new TaskCompletionSource();
        load.On(RoundCommand, async argument =>
        {
            var settings = argument.Deserialize<RoundSettings>()!;
            return await new Round(settings, call(settings)).RunAsync();
        });
        load.On(EndCommand, _ =>
        {
            end.SetResult();
            return ValueTask.FromResult<object?>(null);
        });
        await end.Task;
    }

    public static async Task<IEnumerable<LoadOutcome>> TakeAsync(
        IReadOnlyDictionary<Contender, LoadProcess> loads, Contender plain, string kind, RoundSettings settings, int rounds)
    {
        var results = loads.Keys.ToDictionary(contender => contender, _ => new List<RoundResult>());

        // The first round warms up: it compiles, connects and is thrown away.
        for (var round = 0; round <= rounds; round++)
        {
            // Back and forth, for who comes first finds the server idle.
            foreach ((var contender, var load) in round % 2 == 0 ? loads : loads.Reverse())
            {
                var turn = round == 0 ? settings with { Seconds = 0.5 } : settings;
                var result = (await load.Child.AskAsync(RoundCommand, turn)).Deserialize<RoundResult>()!;
                if (round > 0)
                {
                    results[contender].Add(result);
                }
            }
        }

        return results.Select(pair => LoadOutcome.Of(kind, settings.Callers, pair.Key.Name, pair.Value, results[plain]));
    }

    public static async Task EndAsync(IEnumerable<LoadProcess> loads)
    {
        foreach (var load in loads)
        {
            await load.Child.AskAsync(EndCommand);
        }
    }

    public static Row CreateRow(Scenario scenario, Contender contender, LoadProcess load, LoadOutcome[] outcomes) => new()
    {
        Scenario = scenario.Name,
        Contender = contender.Name,
        Outcome = load.Child.HasExited && load.Child.ExitCode != 0 ? Row.Died : Row.Survived,
        ExitCode = load.Child.HasExited ? load.Child.ExitCode : 0,
        Calls = outcomes.Sum(outcome => outcome.Calls + outcome.Failed),
        Succeeded = outcomes.Sum(outcome => outcome.Calls),
        Failed = outcomes.Sum(outcome => outcome.Failed),
        Seconds = Math.Round(outcomes.Sum(outcome => outcome.Calls / Math.Max(outcome.PerSecond.Median, 1)), 1),
        CallsPerSecond = outcomes.Max(outcome => outcome.PerSecond.Median),
        P50Ms = outcomes.Min(outcome => outcome.P50Ms.Median),
        P99Ms = outcomes.Max(outcome => outcome.P99Ms.Median),
        PeakDescriptors = 0,
        DescriptorLimit = load.DescriptorLimit,
        Connections = 0,
        Handshakes = 0,
        CaReads = 0,
        Loads = outcomes,
        Extra = new JsonObject { [OutcomesName] = JsonSerializer.SerializeToNode(outcomes, JsonSerializerOptions.Web) },
    };
}
