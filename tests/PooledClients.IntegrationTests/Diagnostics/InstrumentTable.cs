using System.Text.RegularExpressions;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>The attributes of each instrument, and the values of those whose list is closed, as docs/diagnostics.md has them.</summary>
internal static partial class InstrumentTable
{
    // Told of failures alone.
    private const string Optional = "error.type";

    private static readonly Lazy<Dictionary<string, Dictionary<string, string[]>>> Rows = new(Read);

    /// <summary>Fails where what was recorded is not what the table says.</summary>
    public static void Check(Telemetry.Point point)
    {
        Assert.True(Rows.Value.TryGetValue(point.Name, out var row), $"{point.Name} is not in the table.");
        Assert.Equal(row.Keys.Where(static name => name != Optional).Order(StringComparer.Ordinal), point.Attributes.Keys.Where(static name => name != Optional).Order(StringComparer.Ordinal));
        Assert.True(row.ContainsKey(Optional) || !point.Attributes.ContainsKey(Optional), $"{point} has {Optional}, and the table does not say so.");
        Assert.All(point.Attributes, attribute => Assert.True(
            row[attribute.Key] is not { Length: > 0 } values || values.Contains(attribute.Value), $"{point}: the table has no value '{attribute.Value}' of {attribute.Key}."));
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
