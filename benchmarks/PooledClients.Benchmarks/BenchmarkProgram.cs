using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using PooledClients.Benchmarks.FreshProcesses;

namespace PooledClients.Benchmarks;

/// <summary>Runs the benchmarks that are asked for. It takes the options of BenchmarkDotNet, and three of its own.</summary>
internal static class BenchmarkProgram
{
    private const string Quick = "--quick";
    private const string Fresh = "--fresh";
    private const string Markdown = "--markdown";

    public static async Task<int> RunAsync(string[] arguments)
    {
        List<string> rest = [.. arguments];
        var quick = rest.Remove(Quick);
        var markdown = Take(rest, Markdown);
        if (rest.Remove(Fresh))
        {
            await FreshProcessMarkdown.RunAsync(rest, markdown);
            return 0;
        }

        if (!rest.Any(argument => argument.StartsWith('-')))
        {
            rest.AddRange(["--filter", "*"]);
        }

        BenchmarkLimits.IsQuick = quick;
        Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run([.. rest], Config(quick))];
        if (markdown is not null)
        {
            await ResultsMarkdown.WriteAsync(markdown, summaries);
        }

        return summaries.Length > 0 && summaries.All(summary => !summary.HasCriticalValidationErrors) ? 0 : 1;
    }

    // In this process: the projects that BenchmarkDotNet would generate know nothing of the packages that are pinned here.
    private static ManualConfig Config(bool quick)
    {
        var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance);
        job = quick
            ? job.WithWarmupCount(2).WithIterationCount(3).WithIterationTime(TimeInterval.FromMilliseconds(100))
            : job.WithWarmupCount(5).WithIterationCount(15).WithIterationTime(TimeInterval.FromMilliseconds(250));
        return ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddColumn(StatisticColumn.Median, StatisticColumn.Min, StatisticColumn.Max)
            .AddLogger(ConsoleLogger.Default)
            .AddExporter(MarkdownExporter.GitHub)
            .WithOptions(ConfigOptions.DisableOptimizationsValidator);
    }

    private static string? Take(List<string> arguments, string option)
    {
        var at = arguments.IndexOf(option);
        if (at < 0 || at + 1 >= arguments.Count)
        {
            return null;
        }

        var value = arguments[at + 1];
        arguments.RemoveRange(at, 2);
        return value;
    }
}
