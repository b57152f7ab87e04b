using System.Globalization;
using System.Text;
using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Throughput;

namespace PooledClients.Scenarios.Reporting;

/// <summary>The part of the results file that tells throughput, and its plot beside it.</summary>
internal static class ThroughputMarkdown
{
    private const string PlotName = "throughput.svg";
    private const string Command = "dotnet run -c Release --project benchmarks/PooledClients.Scenarios -- throughput --markdown benchmarks/RESULTS.md";

    public static async Task WriteAsync(string path, IReadOnlyList<Row> rows)
    {
        var plain = GrpcContender.SharedChannel.Name;
        await MarkdownSection.WriteAsync(path, "throughput", Body(plain, rows));
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, PlotName), ThroughputPlot.Draw(plain, rows));
    }

    private static string Body(string plain, IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder();
        text.Append("## Throughput under load\n\n```\n").Append(Command).Append("\n```\n\n")
            .Append(Machine.Describe(typeof(GrpcChannel), typeof(GrpcClientFactory), typeof(PooledGrpcClientOptions))).Append(".\n\n")
            .Append("Client and server are processes of their own on one machine and speak TLS over loopback. The contenders take turns, round by round;\n")
            .Append(CultureInfo.InvariantCulture, $"a ratio is by `{plain}` in the same round. Figures are medians over the rounds, with the least and the most in brackets. Every call\n")
            .Append("carries a deadline. Processor time and bytes are those of the client's process for one call.\n\n")
            .Append(CultureInfo.InvariantCulture, $"![Calls a second by those of the plain channel]({PlotName})\n\n");
        foreach (var kind in LoadKind.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"- **{kind.Name}**: {kind.Description}\n");
        }

        text.Append("\n| ").AppendJoin(" | ", ThroughputTable.Header).Append(" |\n|").Append(string.Concat(ThroughputTable.Header.Select(_ => " --- |"))).Append('\n');
        foreach (var outcome in ThroughputTable.Ordered(rows))
        {
            text.Append("| ").AppendJoin(" | ", ThroughputTable.Cells(outcome)).Append(" |\n");
        }

        return text.ToString();
    }
}
