using System.Text;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using PooledClients.Scenarios.Reporting;

namespace PooledClients.Benchmarks;

/// <summary>The part of the results file that tells the cost of one thing at a time.</summary>
internal static class ResultsMarkdown
{
    public static async Task WriteAsync(string path, IReadOnlyList<Summary> summaries)
    {
        var text = new StringBuilder();
        text.Append("## The cost of one thing at a time\n\n```\ndotnet run -c Release --project benchmarks/PooledClients.Benchmarks --")
            .Append(BenchmarkLimits.IsQuick ? " --quick" : null).Append(" --markdown benchmarks/RESULTS.md\n```\n\n")
            .Append(Machine.Describe(typeof(GrpcChannel), typeof(GrpcClientFactory), typeof(PooledGrpcClientOptions))).Append(".\n\n")
            .Append("Bytes are those of the client's process for one operation; over TLS the server is a process of its own. Ratios are by the baseline\n")
            .Append("of the same class and parameters, which is the framework's own way to do it.\n");
        foreach (var summary in summaries)
        {
            var log = new AccumulationLogger();
            MarkdownExporter.GitHub.ExportToLog(summary, log);
            var table = string.Join('\n', log.GetLog().Split('\n').Select(line => line.TrimEnd()).Where(line => line.StartsWith('|')));
            text.Append('\n').Append(table).Append('\n');
        }

        await MarkdownSection.WriteAsync(path, "benchmarks", text.ToString());
    }
}
