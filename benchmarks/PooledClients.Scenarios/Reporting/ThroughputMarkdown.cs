using System.Globalization;
using System.Text;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Catalog;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Throughput;

namespace PooledClients.Scenarios.Reporting;

/// <summary>The part of the results file that tells throughput, and its plot beside it.</summary>
internal static class ThroughputMarkdown
{
    private const string PlotName = "throughput.svg";
    private const string Command = "dotnet run -c Release --project benchmarks/PooledClients.Scenarios";

    public static async Task WriteAsync(string path, IReadOnlyList<Row> rows)
    {
        var grpc = rows.Where(static row => row.Scenario == new ThroughputScenario().Name).ToList();
        if (grpc.Count > 0)
        {
            var plain = GrpcContender.SharedChannel.Name;
            await MarkdownSection.WriteAsync(path, "throughput", Body("## Throughput under load", "throughput", plain, Kinds(), grpc));
            await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, PlotName), ThroughputPlot.Draw(plain, grpc));
        }

        var http = rows.Where(static row => row.Scenario == new HttpThroughputScenario().Name).ToList();
        if (http.Count > 0)
        {
            await MarkdownSection.WriteAsync(
                path, "http-throughput", Body("## HTTP under load", "http-throughput", HttpContender.HttpClientFactory.Name, "Reads of 100 B.\n", http));
        }
    }

    private static string Kinds()
        => $"![Calls a second by those of the plain channel]({PlotName})\n\n{string.Concat(LoadKind.All.Select(static kind => $"- **{kind.Name}**: {kind.Description}\n"))}";

    private static string Body(string title, string scenario, string plain, string kinds, IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder();
        text.Append(title).Append("\n\n```\n").Append(CultureInfo.InvariantCulture, $"{Command} -- {scenario} --markdown benchmarks/RESULTS.md\n```\n\n")
            .Append(Machine.Describe(typeof(GrpcChannel), typeof(GrpcClientFactory), typeof(PooledGrpcClientOptions))).Append(".\n\n")
            .Append("Client and server are processes of their own on one machine and speak TLS over loopback. The contenders take turns, round by round;\n")
            .Append(CultureInfo.InvariantCulture, $"a ratio is by `{plain}` in the same round. Figures are medians over the rounds, with the least and the most in brackets. Every call\n")
            .Append("carries a deadline. Processor time and bytes are those of the client's process for one call.\n\n")
            .Append(kinds)
            .Append("\n| ").AppendJoin(" | ", ThroughputTable.Header).Append(" |\n|").Append(string.Concat(ThroughputTable.Header.Select(static _ => " --- |"))).Append('\n');
        foreach (var outcome in ThroughputTable.Ordered(rows))
        {
            text.Append("| ").AppendJoin(" | ", ThroughputTable.Cells(outcome)).Append(" |\n");
        }

        return text.ToString();
    }
}
