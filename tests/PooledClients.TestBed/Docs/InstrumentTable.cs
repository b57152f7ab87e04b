using System.Text.RegularExpressions;

namespace PooledClients.TestBed.Docs;

/// <summary>The attributes of each instrument, and the values of those whose list is closed, as docs/diagnostics.md has them.</summary>
internal static partial class InstrumentTable
{
    // Told of failures alone, and where it is known.
    private static readonly string[] Optional = ["error.type", "grpc.tls.handshake.resumed"];

    private static readonly Lazy<Dictionary<string, Dictionary<string, string[]>>> Rows = new(Read);

    public static IEnumerable<string> Instruments => Rows.Value.Keys;

    /// <summary>Fails where what was recorded is not what the table says.</summary>
    public static void Check(string instrument, IEnumerable<KeyValuePair<string, string>> attributes)
    {
        Assert.True(Rows.Value.TryGetValue(instrument, out var row), $"{instrument} is not in the table.");
        var recorded = attributes.ToDictionary();
        var shown = $"{instrument} with {string.Join(", ", recorded.Select(static attribute => $"{attribute.Key} {attribute.Value}"))}";
        Assert.True(recorded.Keys.All(row.ContainsKey), $"{shown}: the table has {string.Join(", ", row.Keys)}.");
        Assert.True(row.Keys.Except(Optional).All(recorded.ContainsKey), $"{shown}: the table has {string.Join(", ", row.Keys)}.");
        Assert.All(recorded, attribute => Assert.True(
            row[attribute.Key] is not { Length: > 0 } values || values.Contains(attribute.Value), $"{shown}: the table has no such value of {attribute.Key}."));
    }

    private static Dictionary<string, Dictionary<string, string[]>> Read()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PooledClients.sln")))
        {
            folder = folder.Parent!;
        }

        var rows = File.ReadLines(Path.Combine(folder.FullName, "docs", "diagnostics.md")).Select(static line => Row().Match(line)).Where(static row => row.Success)
            .ToDictionary(
                static row => row.Groups[1].Value,
                static row => Attribute().Matches(row.Groups[2].Value).ToDictionary(
                    static attribute => attribute.Groups[1].Value,
                    static attribute => attribute.Groups[2].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries)));
        Assert.True(rows.Count > 40, "The table was not found.");
        return rows;
    }

    [GeneratedRegex(@"^\| `([a-z_.]+)` \| \w+ \| `[^`]+` \| ([^|]*)\|[^|]*\|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"([a-z_.]+)(?: \(([^)]*)\))?(?:, | |$)")]
    private static partial Regex Attribute();
}
