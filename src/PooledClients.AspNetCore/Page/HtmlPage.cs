using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace PooledClients.AspNetCore.Page;

/// <summary>The page as HTML: no script, one style sheet whose hash the policy names, and everything that comes from outside encoded.</summary>
internal sealed class HtmlPage
{
    /// <summary>Lines are drawn for so many methods; each takes some hundred bytes.</summary>
    private const int MostLines = 40;

    private const string Style =
        """
        :root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6570;--paper:#fff;--rule:#d9dee3;--bad:#b3261e;--badpaper:#fdecea;--warn:#8a5300;--warnpaper:#fff4e0;--line:#1f6feb}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--dim:#9aa5b1;--paper:#14181c;--rule:#2c343c;--bad:#ff8a80;--badpaper:#3a1512;--warn:#ffc46b;--warnpaper:#33260f;--line:#79b0ff}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1rem;max-width:110rem;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
        h1{font-size:1.15rem;margin:0}
        h2{font-size:.95rem;letter-spacing:.06em;margin:1.6rem 0 .4rem}
        p{margin:.2rem 0}
        .dim,th{color:var(--dim)}
        .bad{color:var(--bad);font-weight:600}
        .trouble{border-left:4px solid var(--warn);background:var(--warnpaper);padding:.45rem .7rem;margin:.4rem 0;overflow-wrap:anywhere}
        .trouble.Unhealthy{border-color:var(--bad);background:var(--badpaper)}
        .trouble.Notice{border-color:var(--rule);background:none}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.7rem 0}
        dt{color:var(--dim)}
        dd{margin:0;overflow-wrap:anywhere}
        nav a{color:inherit;margin-right:.8rem}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
        th,td{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0;border-bottom:1px solid var(--rule);white-space:nowrap}
        td:last-child{white-space:normal;min-width:14rem;overflow-wrap:anywhere}
        th{font-weight:500}
        svg{display:block}
        .l{fill:none;stroke:var(--line);stroke-width:1.5}
        .f{fill:none;stroke:var(--bad);stroke-width:1.5}
        @media(max-width:600px){td:last-child{white-space:nowrap}body{padding:.6rem}dl{display:block}dd{margin-bottom:.5rem}}
        """;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly BoundedText _html = new();
    private int _lines;

    /// <summary>What a browser may do with the page: nothing but show it in its own style.</summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static string Write(PageModel model) => new HtmlPage().WriteAll(model);

    private string WriteAll(PageModel model)
    {
        _html.Part.Append("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Pooled clients</title><style>")
            .Append(Style).Append("</style><h1>Pooled clients</h1><p class=\"dim\">");
        Text(Show.Text($"{model.CapturedAt.UtcDateTime:u} on {Environment.MachineName}, process {Environment.ProcessId}"), BoundedText.MostOfText);
        _html.Part.Append(" <nav><a href=\"?format=json\">JSON</a><a href=\"?format=text\">plain text</a></nav><h2>TROUBLE</h2><dl>");
        foreach (var (question, answer) in model.Facts)
        {
            _html.Part.Append("<dt>");
            Text(question, BoundedText.MostOfText);
            _html.Part.Append("<dd>");
            Text(answer, BoundedText.MostOfText);
        }

        _html.Part.Append("</dl>");
        _html.Keep();
        Troubles(model.Troubles);
        List<PageSection> sections = [.. model.Sections];
        for (var i = 0; i < sections.Count; i++)
        {
            Section(sections[i], BoundedText.EndOfTable(sections.Count - i - 1));
        }

        _html.Part.Append("</html>");
        _html.Keep();
        return _html.ToString();
    }

    private void Troubles(IReadOnlyList<TroubleSnapshot> troubles)
    {
        var end = _html.EndOfTroubles;
        var shown = 0;
        foreach (var trouble in troubles.Take(PageSection.MostRows))
        {
            _html.Part.Append("<div class=\"trouble ").Append(trouble.Severity).Append("\"><p><b>").Append(trouble.Severity).Append("</b> ");
            Text(trouble.What, BoundedText.MostOfText);
            _html.Part.Append(".<p class=\"dim\">");
            Text(trouble.WayOut, BoundedText.MostOfText);
            _html.Part.Append("</div>");
            if (!_html.TryKeep(end))
            {
                break;
            }

            shown++;
        }

        _html.Part.Append(troubles.Count == 0 ? "<p>None." : LeftOut(shown, troubles.Count));
        _html.Keep();
    }

    private void Section(PageSection section, int end)
    {
        _html.Part.Append("<h2>").Append(section.Title).Append("</h2>");
        if (section.Rows.Count == 0)
        {
            _html.Part.Append("<p class=\"dim\">").Append(section.WhenEmpty);
            _html.Keep();
            return;
        }

        _html.Part.Append("<div class=\"scroll\"><table><tr>");
        foreach (var column in section.Columns)
        {
            _html.Part.Append("<th>").Append(column);
        }

        _html.Keep();
        var shown = 0;
        foreach (var row in section.Rows)
        {
            _html.Part.Append("<tr>");
            foreach (var cell in row)
            {
                Cell(cell);
            }

            if (!_html.TryKeep(end))
            {
                break;
            }

            shown++;
        }

        _html.Part.Append("</table></div>").Append(LeftOut(shown, section.Total));
        _html.Keep();
    }

    private void Cell(PageCell cell)
    {
        _html.Part.Append(cell.IsBad && cell.Text.Length > 0 ? "<td class=\"bad\">" : "<td>");
        if (cell.Line is { } line && _lines++ < MostLines)
        {
            LineDrawing.Append(_html.Part, line, cell.FailedLine);
            return;
        }

        Text(cell.Text, cell.Most);
    }

    private static string LeftOut(int shown, int total) =>
        shown < total ? Show.Text($"<p class=\"dim\">{shown} of {total}; the JSON has all.") : "";

    private void Text(string text, int most) => _html.Part.Append(Encoder.Encode(Show.Brief(text, most)));
}
