using System.Globalization;
using System.Text;
using PooledClients.Benchmarks.Servers;
using PooledClients.Scenarios.Reporting;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>Measures in fresh processes, contenders in turn, and tells the medians.</summary>
internal static class FreshProcessMarkdown
{
    private const string Command = "dotnet run -c Release --project benchmarks/PooledClients.Benchmarks -- --fresh --markdown benchmarks/RESULTS.md";

    /// <param name="parts">The measurements to take; all of them where none is named.</param>
    /// <param name="path">The file whose section is written, if any.</param>
    public static async Task RunAsync(IReadOnlyCollection<string> parts, string? path)
    {
        (string Name, Func<StringBuilder, ServerAddress, Task> Measure)[] all =
        [
            (FirstCall.Name, FirstCallsAsync), (IdleChannels.Name, IdleChannelsAsync), (UnaryCalls.Name, UnaryCallsAsync), (ListenedCalls.Name, ListenedCallsAsync),
            (TrackedRequests.Name, TrackedRequestsAsync),
        ];
        if (parts.FirstOrDefault(part => all.All(known => known.Name != part)) is { } unknown)
        {
            throw new ArgumentException($"There is no measurement '{unknown}'; there are {string.Join(", ", all.Select(known => known.Name))}.", nameof(parts));
        }

        using var server = new ServerProcess();
        var text = new StringBuilder();
        text.Append("## In fresh processes\n\n```\n").Append(Command).Append("\n```\n\n");
        foreach ((var name, var measure) in all)
        {
            if (parts.Count == 0 || parts.Contains(name))
            {
                await measure(text, server.Address);
            }
        }

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
        var all = contenders.ToDictionary(contender => contender, _ => new List<FirstCall>());
        for (var process = 0; process < Processes; process++)
        {
            foreach (var contender in contenders)
            {
                all[contender].Add(await FreshProcess.MeasureAsync<FirstCall>(FirstCall.Name, contender, server));
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"The first unary call of a process over TLS, and the calls from the 2,000th on; medians of {Processes} processes.\n\n")
            .Append("Ready is when the channel or the host says so; after a pause is after one of 20 ms, as a first call comes.\n\n")
            .Append("| contender | ready, ms | first call, ms | second call, ms | steady p50, ms | p50 after a pause, ms | first to steady | first to one after a pause |\n")
            .Append("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
        foreach ((var contender, var calls) in all)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"| {contender} | {Of(c => c.ReadyMs):0} | {Of(c => c.FirstMs):0.00} | {Of(c => c.SecondMs):0.00} | {Of(c => c.SteadyP50Ms):0.000} | {Of(c => c.PausedP50Ms):0.00} | {Of(c => c.FirstMs / c.SteadyP50Ms):0.0} | {Of(c => c.FirstMs / c.PausedP50Ms):0.00} |\n");

            double Of(Func<FirstCall, double> figure) => calls.Select(figure).Median();
        }

        text.Append('\n');
    }

    private static async Task IdleChannelsAsync(StringBuilder text, ServerAddress server)
    {
        text.Append("What a channel holds that has made no call yet, of 1,000.\n\n| contender | bytes each |\n| --- | --- |\n");
        foreach (var contender in new[] { IdleChannels.Plain, IdleChannels.Factory, IdleChannels.Pooled })
        {
            var idle = await FreshProcess.MeasureAsync<IdleChannels>(IdleChannels.Name, contender, server);
            text.Append(CultureInfo.InvariantCulture, $"| {contender} | {idle.BytesEach:#,0} |\n");
        }
    }

    private static async Task UnaryCallsAsync(StringBuilder text, ServerAddress server)
    {
        const int Processes = 3;
        text.Append(CultureInfo.InvariantCulture, $"""

            What a unary call of 100 B over TLS costs beside one of a plain channel with a deadline: medians of {Processes} processes, with the least and
            the most in brackets, each by {UnaryCalls.Turns} turns.

            | callers | contender | beside the plain channel | bytes added |
            | --- | --- | --- | --- |

            """);
        foreach (var callers in UnaryCalls.CallerCounts)
        {
            List<UnaryCalls> costs = [];
            for (var process = 0; process < Processes; process++)
            {
                costs.Add(await FreshProcess.MeasureAsync<UnaryCalls>(UnaryCalls.Name, callers.ToString(CultureInfo.InvariantCulture), server));
            }

            text.Append(CultureInfo.InvariantCulture, $"| {callers} | another plain channel, {costs.Select(cost => cost.PlainMicroseconds).Median():0.0} us a call {Figures(costs, cost => cost.PlainAgain)}")
                .Append(CultureInfo.InvariantCulture, $"| {callers} | pooled {Figures(costs, cost => cost.Pooled)}")
                .Append(CultureInfo.InvariantCulture, $"| {callers} | pooled, tried once {Figures(costs, cost => cost.Once)}")
                .Append(CultureInfo.InvariantCulture, $"| {callers} | pooled, tried once, without breaker and limit {Figures(costs, cost => cost.Bare)}");
        }
    }

    private static async Task ListenedCallsAsync(StringBuilder text, ServerAddress server)
    {
        const int Processes = 5;
        text.Append(CultureInfo.InvariantCulture, $"""

            What a unary call of 100 B over TLS costs that somebody listens to, beside one that nobody listens to: medians of {Processes} processes, with
            the least and the most in brackets, each by {ListenedCalls.Turns} turns.

            | callers | listened to | beside nobody | bytes added |
            | --- | --- | --- | --- |

            """);
        foreach (var callers in ListenedCalls.CallerCounts)
        {
            List<ListenedCalls> costs = [];
            for (var process = 0; process < Processes; process++)
            {
                costs.Add(await FreshProcess.MeasureAsync<ListenedCalls>(ListenedCalls.Name, callers.ToString(CultureInfo.InvariantCulture), server));
            }

            text.Append(CultureInfo.InvariantCulture, $"| {callers} | by nobody again, {costs.Select(cost => cost.UnheardMicroseconds).Median():0.0} us a call {Figures(costs, cost => cost.UnheardAgain)}")
                .Append(CultureInfo.InvariantCulture, $"| {callers} | all but sizes {Figures(costs, cost => cost.AllButSizes)}")
                .Append(CultureInfo.InvariantCulture, $"| {callers} | all {Figures(costs, cost => cost.All)}");
        }
    }

    // The compiler optimises by what it saw in the process: a ratio within one is steady, and differs by percents in the next.
    private static async Task TrackedRequestsAsync(StringBuilder text, ServerAddress server)
    {
        const int Processes = 9;
        List<TrackedRequests> costs = [];
        for (var process = 0; process < Processes; process++)
        {
            costs.Add(await FreshProcess.MeasureAsync<TrackedRequests>(TrackedRequests.Name, TrackedRequests.Contender, server));
        }

        text.Append(CultureInfo.InvariantCulture, $"""

            What an HTTP/1.1 exchange of 16 KB over TLS costs in the outermost handler, one after the other: medians of {Processes} processes, with
            the least and the most in brackets, each by {TrackedRequests.Turns} turns.

            | part | beside | ratio | bytes added |
            | --- | --- | --- | --- |

            """)
            .Append(CultureInfo.InvariantCulture, $"| exchange, route and deadline | the framework's handler, {costs.Select(cost => cost.PlainMicroseconds).Median():0.0} us a request {Figures(costs, cost => cost.Exchange)}")
            .Append(CultureInfo.InvariantCulture, $"| leak tracker, with the deadline over the body | the row above {Figures(costs, cost => cost.Tracker)}");
    }

    /// <summary>The end of a row: the ratio with its spread, and the bytes.</summary>
    private static string Figures<T>(IReadOnlyCollection<T> processes, Func<T, Cost> costOf)
    {
        double[] ratios = [.. processes.Select(process => costOf(process).Ratio).Order()];
        return FormattableString.Invariant(
            $"| {ratios.Median():0.000} ({ratios[0]:0.000} to {ratios[^1]:0.000}) | {processes.Select(process => costOf(process).AddedBytes).Median():#,0} |\n");
    }
}
