using System.Runtime.InteropServices;
using PooledClients.Scenarios.Catalog;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Reporting;
using PooledClients.Scenarios.Watching;

namespace PooledClients.Scenarios.Bench;

/// <summary>Runs the scenarios that were asked for, one contender after the other, and reports.</summary>
internal static class BenchProgram
{
    private const int UsageError = 2;

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        try
        {
            var options = BenchOptions.Parse(arguments);
            if (options.Help)
            {
                Console.WriteLine(BenchOptions.Usage);
                return 0;
            }

            if (options.List)
            {
                ConsoleReport.WriteList(ScenarioCatalog.All);
                return 0;
            }

            return await RunAsync(options);
        }
        catch (UsageException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            await Console.Error.WriteLineAsync(BenchOptions.Usage);
            return UsageError;
        }
    }

    private static async Task<int> RunAsync(BenchOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new UsageException("The scenarios count descriptors and file reads by the means of Linux, and run there only.");
        }

        if (options.Scenarios is [WatchProgram.Name])
        {
            return options.Serve ? await WatchProgram.RunAsync(options) : throw new UsageException("watch is for a person to look at: give it --serve.");
        }

        var scenarios = options.Scenarios.Count == 0 ? ScenarioCatalog.Default : [.. options.Scenarios.Select(ScenarioCatalog.Find)];
        if (options.MarkdownPath is not null && !scenarios.Any(scenario => scenario is ThroughputScenario or HttpThroughputScenario))
        {
            throw new UsageException("--markdown tells throughput and http-throughput: name one of these scenarios.");
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => CleanUp());
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => CleanUp());
        try
        {
            var run = new BenchRun(options, scenarios);
            var rows = await ConsoleReport.ShowAsync(run);
            ConsoleReport.WriteTables(scenarios, rows);
            await WriteFilesAsync(options, scenarios, rows);
            return run.Broken ? 1 : 0;
        }
        finally
        {
            CleanUp();
        }
    }

    private static void CleanUp()
    {
        ChildProcess.KillAll();
        TemporaryFolder.DeleteAll();
    }

    private static async Task WriteFilesAsync(BenchOptions options, IReadOnlyList<Scenario> scenarios, IReadOnlyList<Row> rows)
    {
        if (options.JsonPath is { } json)
        {
            await JsonReport.WriteAsync(json, rows);
        }

        if (options.MarkdownPath is { } markdown)
        {
            await ThroughputMarkdown.WriteAsync(markdown, rows);
        }

        if (options.ReportPath is { } report)
        {
            await File.WriteAllTextAsync(report, HtmlReport.Write(scenarios, rows));
        }
    }
}
