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
            Path(html, "f", failed, most);
        }

        html.Append("</svg>");
    }

    // A point only where the line bends.
    private static void Path(StringBuilder html, string style, IReadOnlyList<int> line, int most)
    {
        html.Append("<path class=\"").Append(style).Append("\" d=\"");
        var command = 'M';
        for (var i = 0; i < line.Count; i++)
        {
            if (i > 0 && i < line.Count - 1 && Y(i - 1) == Y(i) && Y(i) == Y(i + 1))
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
