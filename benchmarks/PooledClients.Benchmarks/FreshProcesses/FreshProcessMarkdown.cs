using System.Globalization;
using System.Text;
using PooledClients.Benchmarks.Servers;
using PooledClients.Scenarios.Reporting;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>Measures in fresh processes, contenders in turn, and tells the medians.</summary>
internal static class FreshProcessMarkdown
{
    private const string Command = "dotnet run -c Release --project benchmarks/PooledClients.Benchmarks -- --fresh --markdown benchmarks/RESULTS.md";

    public static async Task RunAsync(string? path)
    {
        using var server = new ServerProcess();
        var text = new StringBuilder();
        text.Append("## In fresh processes\n\n```\n").Append(Command).Append("\n```\n\n");
        await FirstCallsAsync(text, server.Address);
        await IdleChannelsAsync(text, server.Address);
        await TrackedRequestsAsync(text, server.Address);
        Console.WriteLine(text);
        if (path is not null)
        {
            await MarkdownSection.WriteAsync(path, "fresh", text.ToString());
        }
    }

    private static async Task FirstCallsAsync(StringBuilder text, ServerAddress server)
    {
        const int Processes = 20;
        string[] contenders = [FirstCall.Cold, FirstCall.Plain, FirstCall.Pooled];
        Dictionary<string, List<FirstCall>> all = contenders.ToDictionary(contender => contender, _ => new List<FirstCall>());
        for (int process = 0; process < Processes; process++)
        {
            foreach (string contender in contenders)
            {
                all[contender].Add(await FreshProcess.MeasureAsync<FirstCall>(FirstCall.Name, contender, server));
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"The first unary call of a process over TLS, and the calls from the 2,000th on; medians of {Processes} processes.\n\n")
            .Append("| contender | first call, ms | second call, ms | steady p50, ms | first to steady |\n| --- | --- | --- | --- | --- |\n");
        foreach ((string contender, List<FirstCall> calls) in all)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"| {contender} | {Median(calls.Select(c => c.FirstMs)):0.00} | {Median(calls.Select(c => c.SecondMs)):0.00} | {Median(calls.Select(c => c.SteadyP50Ms)):0.000} | {Median(calls.Select(c => c.FirstMs / c.SteadyP50Ms)):0.0} |\n");
        }

        text.Append('\n');
    }

    private static async Task IdleChannelsAsync(StringBuilder text, ServerAddress server)
    {
        text.Append("What a channel holds that has made no call yet, of 1,000.\n\n| contender | bytes each |\n| --- | --- |\n");
        foreach (string contender in new[] { IdleChannels.Plain, IdleChannels.Factory, IdleChannels.Pooled })
        {
            IdleChannels idle = await FreshProcess.MeasureAsync<IdleChannels>(IdleChannels.Name, contender, server);
            text.Append(CultureInfo.InvariantCulture, $"| {contender} | {idle.BytesEach:#,0} |\n");
        }
    }

    private static async Task TrackedRequestsAsync(StringBuilder text, ServerAddress server)
    {
        TrackedRequests cost = await FreshProcess.MeasureAsync<TrackedRequests>(TrackedRequests.Name, TrackedRequests.Contender, server);
        text.Append(CultureInfo.InvariantCulture, $"""

            What an HTTP/1.1 exchange of 16 KB over TLS costs in the outermost handler, one after the other: medians of {TrackedRequests.Turns} turns each.

            | part | beside | ratio (quartiles) | bytes added |
            | --- | --- | --- | --- |
            | exchange, route and deadline | the framework's handler, {cost.PlainMicroseconds:0.0} us a request | {cost.Exchange.Ratio:0.000} ({cost.Exchange.LowerRatio:0.000} to {cost.Exchange.UpperRatio:0.000}) | {cost.Exchange.AddedBytes:#,0} |
            | leak tracker, with the deadline over the body | the row above | {cost.Tracker.Ratio:0.000} ({cost.Tracker.LowerRatio:0.000} to {cost.Tracker.UpperRatio:0.000}) | {cost.Tracker.AddedBytes:#,0} |

            """);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
