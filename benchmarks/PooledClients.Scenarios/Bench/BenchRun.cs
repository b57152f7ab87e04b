using System.Diagnostics;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Bench;

/// <summary>One run of the bench: every contender of every scenario, one after the other.</summary>
internal sealed class BenchRun
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly BenchOptions _options;

    public BenchRun(BenchOptions options, IReadOnlyList<Scenario> scenarios)
    {
        _options = options;
        Pairs = [.. scenarios.SelectMany(scenario => Chosen(scenario, options).Select(contender => (scenario, contender)))];
        if (Pairs.Count == 0)
        {
            throw new UsageException($"No scenario has a contender '{string.Join("', '", options.Contenders)}'.");
        }
    }

    public IReadOnlyList<(Scenario Scenario, Contender Contender)> Pairs { get; }

    /// <summary>Gets whether a scenario itself failed, rather than a contender in it.</summary>
    public bool Broken { get; private set; }

    /// <summary>Tells about how long a pair takes.</summary>
    public TimeSpan Expected(Scenario scenario) => scenario.Expected(_options);

    /// <summary>Puts one contender into one scenario.</summary>
    /// <param name="tell">Is told, a few times a second, how many calls there were so far.</param>
    /// <returns>The row, or what went wrong with the scenario itself.</returns>
    public async Task<(Row? Row, Exception? Error)> MeasureAsync(Scenario scenario, Contender contender, Action<long> tell)
    {
        await using var stage = new Stage(scenario, contender, _options);
        var measuring = scenario.MeasureAsync(stage);
        var started = Stopwatch.GetTimestamp();
        var limit = (2 * Expected(scenario)) + Patience;
        while (!measuring.IsCompleted && Stopwatch.GetElapsedTime(started) < limit)
        {
            await Task.WhenAny(measuring, Task.Delay(TellEvery));
            tell(stage.Load?.Progress()?.Calls ?? 0);
        }

        try
        {
            return (await measuring.WaitAsync(TimeSpan.Zero), null);
        }
        catch (Exception error)
        {
            Broken = true;
            return (null, error);
        }
    }

    private static IEnumerable<Contender> Chosen(Scenario scenario, BenchOptions options) => scenario.Contenders.Where(contender => options.Contenders.Count == 0 || options.Contenders.Contains(contender.Name));
}
