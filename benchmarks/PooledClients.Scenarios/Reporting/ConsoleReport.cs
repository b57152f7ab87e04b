using System.Globalization;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using Spectre.Console;

namespace PooledClients.Scenarios.Reporting;

/// <summary>A live progress bar while the bench runs, then one table a scenario.</summary>
internal static class ConsoleReport
{
    private const int WideEnough = 150;

    public static void WriteList(IReadOnlyList<Scenario> scenarios)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("scenario", "what happens", "contenders");
        foreach (var scenario in scenarios)
        {
            table.AddRow(scenario.Name, scenario.Description.EscapeMarkup(), string.Join(", ", scenario.Contenders.Select(contender => contender.Name)));
        }

        AnsiConsole.Write(table);
    }

    /// <summary>Runs the bench under its progress bar.</summary>
    public static async Task<IReadOnlyList<Row>> ShowAsync(BenchRun run)
    {
        List<Row> rows = [];
        await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async progress =>
            {
                foreach ((var scenario, var contender) in run.Pairs)
                {
                    var task = progress.AddTask($"{scenario.Name} / {contender.Name}", maxValue: run.Expected(scenario).TotalSeconds);
                    (var row, var error) = await run.MeasureAsync(scenario, contender, calls => Advance(task, scenario, contender, calls));
                    End(task, scenario, contender, row, error);
                    if (row is not null)
                    {
                        rows.Add(row);
                    }
                }
            });
        return rows;
    }

    public static void WriteTables(IReadOnlyList<Scenario> scenarios, IReadOnlyList<Row> rows)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WideEnough;
        }

        foreach (var scenario in scenarios)
        {
            Row[] own = [.. rows.Where(row => row.Scenario == scenario.Name)];
            if (own.Length > 0)
            {
                AnsiConsole.WriteLine();
                AnsiConsole.Write(own[0].Loads.Count > 0 ? ThroughputTable.Create(scenario, own) : Table(scenario, own));
                WriteNotes(scenario, own);
            }
        }
    }

    private static void Advance(ProgressTask task, Scenario scenario, Contender contender, long calls)
    {
        task.Value = Math.Min(task.ElapsedTime?.TotalSeconds ?? 0, task.MaxValue - 1);
        task.Description = $"{scenario.Name} / {contender.Name}: {Numbers.Of(calls)} calls";
    }

    private static void End(ProgressTask task, Scenario scenario, Contender contender, Row? row, Exception? error)
    {
        var end = row switch
        {
            null => $"[red]broken: {error!.GetType().Name}: {error.Message.EscapeMarkup()}[/]",
            { Outcome: Row.Died } => $"[red]{Numbers.Outcome(row)}[/] after {Numbers.Of(row.Calls)} calls",
            _ => $"{Numbers.Of(row.Calls)} calls, {(row.Failed == 0 ? "[green]0 failed[/]" : $"[yellow]{Numbers.Of(row.Failed)} failed[/]")}",
        };
        task.Description = $"{scenario.Name} / {contender.Name}: {end}";
        task.Value = task.MaxValue;
        task.StopTask();
    }

    private static Table Table(Scenario scenario, IReadOnlyList<Row> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"[bold]{scenario.Name}[/]: {scenario.Description.EscapeMarkup()}").AddColumn("contender");
        foreach (var column in (string[])["outcome", "calls", "failed", "calls/s", "p50 ms", "p99 ms", "peak fds", "TCP", "TLS", "CA reads"])
        {
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        }

        foreach (var row in rows)
        {
            var colour = row.Outcome == Row.Died ? "red" : row.Failed > 0 ? "yellow" : "green";
            table.AddRow(
                Says(scenario, row),
                $"[{colour}]{Numbers.Outcome(row)}[/]",
                Numbers.Of(row.Calls),
                Numbers.Of(row.Failed),
                Numbers.Of(row.CallsPerSecond),
                Numbers.Of(row.P50Ms),
                Numbers.Of(row.P99Ms),
                string.Create(CultureInfo.InvariantCulture, $"{row.PeakDescriptors}/{row.DescriptorLimit}"),
                Numbers.Of(row.Connections),
                Numbers.Of(row.Handshakes),
                Numbers.Of(row.CaReads));
        }

        return table;
    }

    /// <summary>Names a contender and, where there is room, says what it is; where there is none, the notes do.</summary>
    private static string Says(Scenario scenario, Row row)
    {
        var name = $"[bold]{row.Contender}[/]";
        return AnsiConsole.Profile.Width < WideEnough ? name : $"{name}\n[grey]{Description(scenario, row)}[/]";
    }

    private static string Description(Scenario scenario, Row row) => scenario.Contenders.Single(contender => contender.Name == row.Contender).Description.EscapeMarkup();

    private static void WriteNotes(Scenario scenario, IReadOnlyList<Row> rows)
    {
        foreach (var row in rows)
        {
            if (AnsiConsole.Profile.Width < WideEnough)
            {
                AnsiConsole.MarkupLine($"  [bold]{row.Contender}[/]: [grey]{Description(scenario, row)}[/]");
            }

            string[] notes = [.. Numbers.Extra(row).Select(extra => $"{extra.Name} {extra.Value}")];
            if (notes.Length > 0)
            {
                AnsiConsole.MarkupLine($"  [bold]{row.Contender}[/]: {string.Join("; ", notes).EscapeMarkup()}");
            }

            if (row.FirstError is { } error)
            {
                AnsiConsole.MarkupLine($"  [bold]{row.Contender}[/] [yellow]first error[/]: {error.EscapeMarkup()}");
            }
        }
    }
}
