using System.Globalization;
using System.Text;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Measuring;

namespace PooledClients.Scenarios.Reporting;

/// <summary>Draws the descriptors of one process over time, with its limit, as SVG. All plots of a scenario share their axes.</summary>
internal static class DescriptorPlot
{
    private const double Width = 400;
    private const double Height = 200;
    private const double Left = 44;
    private const double Bottom = 24;
    private const double Top = 10;
    private const double Right = 8;
    private const double Headroom = 1.1;

    public static string Draw(Row row, double seconds)
    {
        var most = Math.Max(row.DescriptorLimit is > 0 and < 10_000 ? row.DescriptorLimit : 0, row.PeakDescriptors) * Headroom;
        double X(double at) => Left + (at / seconds * (Width - Left - Right));
        double Y(double open) => Height - Bottom - (open / most * (Height - Bottom - Top));

        var svg = new StringBuilder();
        svg.Append(Invariant($"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"descriptors of {row.Contender} over time\" font-size=\"11\" fill=\"#57606a\">"));
        foreach (var share in (double[])[0, 0.25, 0.5, 0.75, 1])
        {
            var open = Math.Round(most / Headroom * share);
            svg.Append(Invariant($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(open):0.0}\" y2=\"{Y(open):0.0}\" stroke=\"#eaeef2\"/>"))
                .Append(Invariant($"<text x=\"{Left - 6}\" y=\"{Y(open) + 4:0.0}\" text-anchor=\"end\">{open:0}</text>"))
                .Append(Invariant($"<text x=\"{X(seconds * share):0.0}\" y=\"{Height - 6}\" text-anchor=\"middle\">{seconds * share:0.#} s</text>"));
        }

        if (row.DescriptorLimit > 0 && row.DescriptorLimit <= most)
        {
            var limit = Y(row.DescriptorLimit);
            svg.Append(Invariant($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{limit:0.0}\" y2=\"{limit:0.0}\" stroke=\"#cf222e\" stroke-dasharray=\"4 3\"/>"));
        }

        svg.Append("<polyline fill=\"none\" stroke=\"#0969da\" stroke-width=\"1.5\" points=\"");
        foreach (var sample in row.Descriptors)
        {
            svg.Append(Invariant($"{X(sample.Seconds):0.0},{Y(sample.Open):0.0} "));
        }

        return svg.Append("\"/></svg>").ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
