using System.Globalization;
using System.Net;
using System.Text;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Reporting;

/// <summary>One page that needs nothing else: the tables, and the descriptors over time of every contender.</summary>
internal static class HtmlReport
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    private const string Head = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>PooledClients: scenarios</title>
        <style>
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1b1f24; }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
        th, td { border-bottom: 1px solid #d0d7de; padding: .4rem .6rem; text-align: right; vertical-align: top; }
        th:first-child, td:first-child { text-align: left; }
        td small, p small { color: #57606a; }
        .died { color: #cf222e; font-weight: 600; } .failed { color: #9a6700; } .fine { color: #1a7f37; }
        .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 1rem; }
        figure { margin: 0; } figcaption { font-weight: 600; }
        </style>
        </head>
        <body>
        <h1>PooledClients: scenarios</h1>
        """;

    public static string Write(IReadOnlyList<Scenario> scenarios, IReadOnlyList<Row> rows)
    {
        var page = new StringBuilder(Head);
        page.Append(Culture, $"<p>{Encode(Machine())}</p>");
        foreach (var scenario in scenarios)
        {
            Row[] own = [.. rows.Where(row => row.Scenario == scenario.Name)];
            page.Append(Culture, $"<h2>{scenario.Name}</h2><p>{Encode(scenario.Description)}</p>");
            AppendTable(page, scenario, own);
            AppendPlots(page, own);
        }

        return page.Append("</body></html>\n").ToString();
    }

    private static string Machine()
    {
        return $"{Environment.ProcessorCount} processors, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}, "
            + $"{System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, {DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm} UTC";
    }

    private static void AppendTable(StringBuilder page, Scenario scenario, Row[] rows)
    {
        page.Append("<table><tr><th>contender</th><th>outcome</th><th>calls</th><th>failed</th><th>calls/s</th><th>p50 ms</th><th>p99 ms</th>"
            + "<th>peak descriptors</th><th>connections</th><th>handshakes</th><th>CA reads</th></tr>");
        foreach (var row in rows)
        {
            var contender = scenario.Contenders.Single(candidate => candidate.Name == row.Contender);
            var colour = row.Outcome == Row.Died ? "died" : row.Failed > 0 ? "failed" : "fine";
            page.Append(Culture, $"<tr><td><b>{row.Contender}</b><br><small>{Encode(contender.Description)}{Notes(row)}</small></td>")
                .Append(Culture, $"<td class=\"{colour}\">{Numbers.Outcome(row)}</td>");
            foreach (var figure in Figures(row))
            {
                page.Append(Culture, $"<td>{figure}</td>");
            }

            page.Append("</tr>");
        }

        page.Append("</table>");
    }

    private static string[] Figures(Row row) =>
    [
        Numbers.Of(row.Calls),
        Numbers.Of(row.Failed),
        Numbers.Of(row.CallsPerSecond),
        Numbers.Of(row.P50Ms),
        Numbers.Of(row.P99Ms),
        $"{row.PeakDescriptors} of {row.DescriptorLimit}",
        Numbers.Of(row.Connections),
        Numbers.Of(row.Handshakes),
        Numbers.Of(row.CaReads),
    ];

    private static string Notes(Row row)
    {
        var notes = new StringBuilder();
        foreach ((var name, var value) in Numbers.Extra(row))
        {
            notes.Append(Culture, $"<br>{Encode(name)}: {Encode(value)}");
        }

        if (row.FirstError is { } error)
        {
            notes.Append(Culture, $"<br>first error: {Encode(error)}");
        }

        return notes.ToString();
    }

    private static void AppendPlots(StringBuilder page, Row[] rows)
    {
        if (rows.Length == 0)
        {
            return;
        }

        var seconds = Math.Max(1, rows.Max(row => row.Descriptors.Count == 0 ? 0 : row.Descriptors[^1].Seconds));
        page.Append("<div class=\"plots\">");
        foreach (var row in rows)
        {
            page.Append(Culture, $"<figure><figcaption>{row.Contender}: descriptors over time</figcaption>{DescriptorPlot.Draw(row, seconds)}</figure>");
        }

        page.Append("</div>");
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
