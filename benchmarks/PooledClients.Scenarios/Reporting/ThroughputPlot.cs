using System.Globalization;
using System.Text;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Throughput;

namespace PooledClients.Scenarios.Reporting;

/// <summary>Draws each contender's calls a second by those of the plain channel, load by load, as SVG.</summary>
internal static class ThroughputPlot
{
    private const double Left = 44;
    private const double Top = 34;
    private const double Height = 300;
    private const double Bottom = 52;
    private const double Bar = 15;
    private const double Gap = 14;
    private const double GroupGap = 18;
    private static readonly string[] Colours = ["#8c959f", "#0969da", "#bf8700", "#1a7f37"];

    public static string Draw(string plain, IReadOnlyList<Row> rows)
    {
        LoadOutcome[] outcomes = [.. ThroughputTable.Ordered(rows).Where(outcome => outcome.Contender != plain)];
        string[] contenders = [.. outcomes.Select(outcome => outcome.Contender).Distinct()];
        var most = Math.Ceiling(Math.Max(outcomes.Max(outcome => outcome.Ratio.Most), 1.2) * 4) / 4;
        double Y(double ratio) => Height - Bottom - (ratio / most * (Height - Bottom - Top));

        var bars = new StringBuilder();
        var x = Left + Gap;
        foreach (var load in outcomes.GroupBy(outcome => outcome.Load))
        {
            var from = x;
            foreach (var callers in load.GroupBy(outcome => outcome.Callers))
            {
                var group = x;
                foreach (var outcome in callers)
                {
                    var colour = Colours[Array.IndexOf(contenders, outcome.Contender) % Colours.Length];
                    bars.Append(Invariant($"<rect x=\"{x:0.0}\" y=\"{Y(outcome.Ratio.Median):0.0}\" width=\"{Bar}\" height=\"{Y(0) - Y(outcome.Ratio.Median):0.0}\" fill=\"{colour}\"/>"))
                        .Append(Invariant($"<line x1=\"{x + (Bar / 2):0.0}\" x2=\"{x + (Bar / 2):0.0}\" y1=\"{Y(outcome.Ratio.Least):0.0}\" y2=\"{Y(outcome.Ratio.Most):0.0}\" stroke=\"#1b1f24\"/>"));
                    x += Bar;
                }

                bars.Append(Invariant($"<text x=\"{(group + x) / 2:0.0}\" y=\"{Y(0) + 16:0.0}\" text-anchor=\"middle\">{callers.Key}</text>"));
                x += Gap;
            }

            bars.Append(Invariant($"<text x=\"{(from + x - Gap) / 2:0.0}\" y=\"{Y(0) + 36:0.0}\" text-anchor=\"middle\" font-weight=\"600\">{load.Key}</text>"));
            x += GroupGap;
        }

        var svg = new StringBuilder();
        svg.Append(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {x:0} {Height}\" role=\"img\" aria-label=\"calls a second by those of the plain channel\" font-family=\"system-ui, sans-serif\" font-size=\"11\" fill=\"#57606a\">"))
            .Append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>");
        for (double ratio = 0; ratio <= most; ratio += 0.25)
        {
            var style = ratio == 1 ? "stroke=\"#cf222e\"" : "stroke=\"#eaeef2\"";
            svg.Append(Invariant($"<line x1=\"{Left}\" x2=\"{x - GroupGap:0.0}\" y1=\"{Y(ratio):0.0}\" y2=\"{Y(ratio):0.0}\" {style}/>"))
                .Append(Invariant($"<text x=\"{Left - 6}\" y=\"{Y(ratio) + 4:0.0}\" text-anchor=\"end\">{ratio:0.00}</text>"));
        }

        svg.Append(bars);
        var legend = Left;
        svg.Append(Invariant($"<text x=\"{legend}\" y=\"16\">calls a second, {plain} = 1, by number of callers:</text>"));
        legend += 300;
        for (var index = 0; index < contenders.Length; index++)
        {
            svg.Append(Invariant($"<rect x=\"{legend}\" y=\"7\" width=\"10\" height=\"10\" fill=\"{Colours[index % Colours.Length]}\"/><text x=\"{legend + 15}\" y=\"16\">{contenders[index]}</text>"));
            legend += 130;
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
