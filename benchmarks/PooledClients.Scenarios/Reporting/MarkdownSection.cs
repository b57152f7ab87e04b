namespace PooledClients.Scenarios.Reporting;

/// <summary>Puts one command's figures into a file that several commands write, each its own part.</summary>
internal static class MarkdownSection
{
    private const string Title = "# Results\n\nEach part is written by the command that it names, as measured, also where a figure falls short.\n";

    public static async Task WriteAsync(string path, string name, string body)
    {
        var begin = $"<!-- begin {name} -->";
        var end = $"<!-- end {name} -->";
        var text = File.Exists(path) ? await File.ReadAllTextAsync(path) : Title;
        var from = text.IndexOf(begin, StringComparison.Ordinal);
        var to = text.IndexOf(end, StringComparison.Ordinal);
        var part = $"{begin}\n{body.Trim()}\n{end}";
        text = from < 0 || to < from ? $"{text.TrimEnd()}\n\n{part}\n" : text[..from] + part + text[(to + end.Length)..];
        await File.WriteAllTextAsync(path, text);
    }
}
