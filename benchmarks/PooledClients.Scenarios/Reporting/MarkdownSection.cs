namespace PooledClients.Scenarios.Reporting;

/// <summary>Puts one command's figures into a file that several commands write, each its own part.</summary>
internal static class MarkdownSection
{
    private const string Title = "# Results\n\nEach part is written by the command that it names, as measured, also where a figure falls short.\n";

    public static async Task WriteAsync(string path, string name, string body)
    {
        string begin = $"<!-- begin {name} -->";
        string end = $"<!-- end {name} -->";
        string text = File.Exists(path) ? await File.ReadAllTextAsync(path) : Title;
        int from = text.IndexOf(begin, StringComparison.Ordinal);
        int to = text.IndexOf(end, StringComparison.Ordinal);
        string part = $"{begin}\n{body.Trim()}\n{end}";
        text = from < 0 || to < from ? $"{text.TrimEnd()}\n\n{part}\n" : text[..from] + part + text[(to + end.Length)..];
        await File.WriteAllTextAsync(path, text);
    }
}
