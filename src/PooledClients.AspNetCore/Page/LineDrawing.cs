using System.Globalization;
using System.Text;

namespace PooledClients.AspNetCore.Page;

/// <summary>Draws figures over time as SVG, without script.</summary>
internal static class LineDrawing
{
    private const int Height = 18;
    private const int Step = 2;

    public static void Append(StringBuilder html, IReadOnlyList<int> line, IReadOnlyList<int>? failed)
    {
        var most = Math.Max(1, line.Count == 0 ? 0 : line.Max());
        var width = Math.Max(1, line.Count * Step);
        html.Append(CultureInfo.InvariantCulture, $"<svg width=\"{width}\" height=\"{Height + 2}\" role=\"img\" aria-label=\"at most {most} in two seconds\">");
        Path(html, "l", line, most);
        if (failed is not null && failed.Any(static count => count > 0))
        {
            Path(html, "f", failed, most, leavesOutZero: true);
        }

        html.Append("</svg>");
    }

    // A point only where the line bends. Where nothing has failed no line of failures hides the other.
    private static void Path(StringBuilder html, string style, IReadOnlyList<int> line, int most, bool leavesOutZero = false)
    {
        html.Append("<path class=\"").Append(style).Append("\" d=\"");
        var command = 'M';
        for (var i = 0; i < line.Count; i++)
        {
            if (leavesOutZero && line[i] == 0 && (i == 0 || line[i - 1] == 0) && (i == line.Count - 1 || line[i + 1] == 0))
            {
                command = 'M';
                continue;
            }

            if (i > 0 && i < line.Count - 1 && Y(i - 1) == Y(i) && Y(i) == Y(i + 1) && command == 'L')
            {
                continue;
            }

            html.Append(CultureInfo.InvariantCulture, $"{command}{i * Step} {Y(i)}");
            command = 'L';
        }

        html.Append("\"/>");

        int Y(int i) => 1 + Height - (int)Math.Round((double)line[i] * Height / most);
    }
}
