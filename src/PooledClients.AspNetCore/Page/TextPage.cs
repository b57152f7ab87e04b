using System.Globalization;
using System.Text;

namespace PooledClients.AspNetCore.Page;

/// <summary>The page for a terminal of 80 columns. Control characters that come from outside go to no terminal.</summary>
internal static class TextPage
{
    private const int Width = 80;
    private const int WidestColumn = 44;
    private const string Gap = "  ";

    public static string Write(PageModel model)
    {
        var text = new StringBuilder();
        text.Append(Show.Text($"Pooled clients, {model.CapturedAt.UtcDateTime:u}\n\nTROUBLE\n"));
        foreach (var (question, answer) in model.Facts)
        {
            Wrap(text, $"{question} {answer}", indent: 2);
        }

        text.Append('\n');
        foreach (var trouble in model.Troubles)
        {
            Wrap(text, $"{trouble.Severity}: {trouble.What}.", indent: 2);
            Wrap(text, trouble.WayOut, indent: 6);
        }

        if (model.Troubles.Count == 0)
        {
            text.Append("  None.\n");
        }

        foreach (var section in model.Sections)
        {
            Section(text, section);
        }

        return text.ToString();
    }

    private static void Section(StringBuilder text, PageSection section)
    {
        text.Append('\n').Append(section.Title).Append('\n');
        if (section.Rows.Count == 0)
        {
            text.Append("  ").Append(section.WhenEmpty).Append('\n');
            return;
        }

        // A line cannot be drawn here, and a column that nothing stands in is left out.
        List<int> columns = [.. Enumerable.Range(0, section.Columns.Count).Where(i => section.Rows.Any(row => row[i].Text.Length > 0))];
        var widths = columns.ToDictionary(
            static i => i, i => Math.Min(WidestColumn, Math.Max(section.Columns[i].Length, section.Rows.Max(row => row[i].Text.Length))));
        Row(text, columns, widths, i => section.Columns[i]);
        foreach (var row in section.Rows)
        {
            Row(text, columns, widths, i => row[i].Text);
        }

        if (section.Total > section.Rows.Count)
        {
            text.Append(Show.Text($"  {section.Rows.Count} of {section.Total}; the JSON has all.\n"));
        }
    }

    // Columns that do not fit are left out, the last that does in part takes what is left.
    private static void Row(StringBuilder text, List<int> columns, Dictionary<int, int> widths, Func<int, string> cell)
    {
        var line = new StringBuilder();
        foreach (var i in columns)
        {
            var left = Width - line.Length - Gap.Length;
            if (left < 8)
            {
                break;
            }

            var width = i == columns[^1] ? left : Math.Min(widths[i], left);
            line.Append(Gap).Append(Fit(Clean(cell(i)), width).PadRight(Math.Min(width, widths[i])));
        }

        text.Append(line.ToString().TrimEnd()).Append('\n');
    }

    private static void Wrap(StringBuilder text, string paragraph, int indent)
    {
        var column = 0;
        foreach (var word in Clean(paragraph).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (column == 0 || column + 1 + word.Length > Width)
            {
                text.Append(column == 0 ? "" : "\n").Append(' ', column == 0 ? indent : indent + 2).Append(word);
                column = indent + (column == 0 ? 0 : 2) + word.Length;
            }
            else
            {
                text.Append(' ').Append(word);
                column += 1 + word.Length;
            }
        }

        text.Append('\n');
    }

    private static string Fit(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";

    private static string Clean(string text) => text.Any(IsNotShown) ? new string([.. text.Select(static c => IsNotShown(c) ? ' ' : c)]) : text;

    // Format characters turn the direction of what follows, or hide it.
    private static bool IsNotShown(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format;
}
