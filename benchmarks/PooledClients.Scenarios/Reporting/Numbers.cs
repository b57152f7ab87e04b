using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using PooledClients.Scenarios.Bench;

namespace PooledClients.Scenarios.Reporting;

/// <summary>How figures are written, the same in every report.</summary>
internal static class Numbers
{
    private const int MaxLength = 300;

    public static string Of(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Of(double number) => number.ToString(Math.Abs(number) >= 100 ? "N0" : "0.##", CultureInfo.InvariantCulture);

    public static string Outcome(Row row) => row.Outcome == Row.Died ? $"died ({row.ExitCode})" : row.Outcome;

    /// <summary>Writes what only one scenario measures as text, without what a table has no room for.</summary>
    public static IEnumerable<(string Name, string Value)> Extra(Row row)
    {
        foreach ((var name, var value) in row.Extra.Where(extra => extra.Value is not JsonArray))
        {
            var text = value switch
            {
                null => "-",
                JsonValue number when number.GetValueKind() == JsonValueKind.Number => Of(double.Parse(number.ToJsonString(), CultureInfo.InvariantCulture)),
                JsonObject or JsonArray => value.ToJsonString(),
                _ => value.ToString(),
            };
            text = text.ReplaceLineEndings(" ");
            yield return (name, text.Length > MaxLength ? text[..MaxLength] + "..." : text);
        }
    }
}
