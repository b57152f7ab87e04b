using System.Globalization;
using System.Text;

namespace PooledClients.AspNetCore.Page;

/// <summary>The page for a terminal of 80 columns. Control characters that come from outside go to no terminal.</summary>
internal sealed class TextPage
{
    private const int Width = 80;
    private const int WidestColumn = 44;
    private const string Gap = "  ";

    private readonly BoundedText _text = new();

    public static string Write(PageModel model) => new TextPage().WriteAll(model);

    private string WriteAll(PageModel model)
    {
        _text.Part.Append(Show.Text($"Pooled clients, {model.CapturedAt.UtcDateTime:u}\n\nTROUBLE\n"));
        foreach (var (question, answer) in model.Facts)
        {
            Wrap(Show.Brief($"{question} {answer}", BoundedText.MostOfText), indent: 2);
        }

        _text.Part.Append('\n');
        _text.Keep();
        Troubles(model.Troubles);
        List<PageSection> sections = [.. model.Sections];
        for (var i = 0; i < sections.Count; i++)
        {
            Section(sections[i], BoundedText.EndOfTable(sections.Count - i - 1));
        }

        return _text.ToString();
    }

    private void Troubles(IReadOnlyList<TroubleSnapshot> troubles)
    {
        var end = _text.EndOfTroubles;
        var shown = 0;
        foreach (var trouble in troubles.Take(PageSection.MostRows))
        {
            Wrap($"{trouble.Severity}: {Show.Brief(trouble.What, BoundedText.MostOfText)}.", indent: 2);
            Wrap(Show.Brief(trouble.WayOut, BoundedText.MostOfText), indent: 6);
            if (!_text.TryKeep(end))
            {
                break;
            }

            shown++;
        }

        _text.Part.Append(troubles.Count == 0 ? "  None.\n" : LeftOut(shown, troubles.Count));
        _text.Keep();
    }

    private void Section(PageSection section, int end)
    {
        _text.Part.Append('\n').Append(section.Title).Append('\n');
        if (section.Rows.Count == 0)
        {
            _text.Part.Append("  ").Append(section.WhenEmpty).Append('\n');
            _text.Keep();
            return;
        }

        // A line cannot be drawn here, and a column that nothing stands in is left out.
        List<int> columns = [.. Enumerable.Range(0, section.Columns.Count).Where(i => section.Rows.Any(row => row[i].Text.Length > 0))];
        var widths = columns.ToDictionary(
            static i => i, i => Math.Min(WidestColumn, Math.Max(section.Columns[i].Length, section.Rows.Max(row => row[i].Text.Length))));
        Row(columns, widths, i => section.Columns[i]);
        _text.Keep();
        var shown = 0;
        foreach (var row in section.Rows)
        {
            Row(columns, widths, i => row[i].Text);
            if (!_text.TryKeep(end))
            {
                break;
            }

            shown++;
        }

        _text.Part.Append(LeftOut(shown, section.Total));
        _text.Keep();
    }

    private static string LeftOut(int shown, int total) => shown < total ? Show.Text($"  {shown} of {total}; the JSON has all.\n") : "";

    // Columns that do not fit are left out, the last that does in part takes what is left.
    private void Row(List<int> columns, Dictionary<int, int> widths, Func<int, string> cell)
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
            line.Append(Gap).Append(Show.Brief(Clean(cell(i)), width).PadRight(Math.Min(width, widths[i])));
        }

        _text.Part.Append(line.ToString().TrimEnd()).Append('\n');
    }

    private void Wrap(string paragraph, int indent)
    {
        var text = _text.Part;
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

    private static string Clean(string text) => text.Any(IsNotShown) ? new string([.. text.Select(static c => IsNotShown(c) ? ' ' : c)]) : text;

    // Format characters turn the direction of what follows, or hide it.
    private static bool IsNotShown(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format;
}
