using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Throughput;
using Spectre.Console;

namespace PooledClients.Scenarios.Reporting;

/// <summary>The throughput of the contenders, load by load.</summary>
internal static class ThroughputTable
{
    private static readonly string[] Columns = ["load", "callers", "contender", "calls/s", "ratio", "p50 ms", "p99 ms", "p99 ratio", "CPU us/call", "B/call", "failed"];

    public static Table Create(Scenario scenario, IReadOnlyList<Row> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"[bold]{scenario.Name}[/]: {scenario.Description.EscapeMarkup()}");
        foreach (var column in Columns)
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }

        foreach (var outcome in Ordered(rows))
        {
            table.AddRow(Cells(outcome));
        }

        return table;
    }

    /// <summary>Orders by load and callers, the contenders beside each other.</summary>
    public static IEnumerable<LoadOutcome> Ordered(IReadOnlyList<Row> rows)
    {
        string[] loads = [.. LoadKind.All.Select(kind => kind.Name)];
        return rows.SelectMany(row => row.Loads).OrderBy(outcome => Array.IndexOf(loads, outcome.Load)).ThenBy(outcome => outcome.Load, StringComparer.Ordinal).ThenBy(outcome => outcome.Callers);
    }

    public static string[] Header => Columns;

    public static string[] Cells(LoadOutcome outcome) =>
    [
        outcome.Load,
        Numbers.Of((long)outcome.Callers),
        outcome.Contender,
        Numbers.Of(outcome.PerSecond.Median),
        outcome.Ratio.Text,
        Numbers.Of(outcome.P50Ms.Median),
        Numbers.Of(outcome.P99Ms.Median),
        outcome.P99Ratio.Text,
        Numbers.Of(outcome.CpuMicroseconds.Median),
        Numbers.Of(outcome.Bytes.Median),
        Numbers.Of(outcome.Failed),
    ];
}
