using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace PooledClients.Configuration;

/// <summary>Values with a unit, which the binder does not know: <c>5s</c> for a time, <c>4MB</c> for a size.</summary>
internal static partial class SuffixedValues
{
    /// <summary>The section, with each value that has a unit as the binder takes it.</summary>
    public static IConfiguration Expand(IConfigurationSection section, SectionKeys keys)
    {
        var values = section.AsEnumerable(makePathsRelative: true).Where(static pair => pair.Key.Length > 0).ToList();
        var expanded = values.Select(pair => new KeyValuePair<string, string?>(pair.Key, Expand(pair.Key, pair.Value, keys.TypeAt(pair.Key)))).ToList();
        return values.SequenceEqual(expanded) ? section : new ConfigurationBuilder().AddInMemoryCollection(expanded).Build();
    }

    /// <summary>How a value of this type is written.</summary>
    /// <param name="path">Where it stands.</param>
    /// <param name="type">Its type.</param>
    public static string Hint(string path, Type? type) => type == typeof(TimeSpan) ? " Write 00:00:05 or 5s."
        : type == typeof(bool) ? " Write true or false."
        : type == typeof(double) ? " Write a number, such as 0.5."
        : type?.IsEnum == true ? $" Write one of {string.Join(", ", Enum.GetNames(type))}."
        : type != typeof(int) ? ""
        : IsSize(path) ? " Write a number of bytes, or 4MB; less than 2GB."
        : " Write a whole number.";

    private static string? Expand(string path, string? value, Type? type) => value is null ? null
        : type == typeof(TimeSpan) && Time().Match(value) is { Success: true } time ? ExpandTime(time) ?? value
        : type == typeof(int) && IsSize(path) && Size().Match(value) is { Success: true } size ? ExpandSize(size)
        : value;

    private static bool IsSize(string path) => path.EndsWith("Size", StringComparison.OrdinalIgnoreCase) || path.EndsWith("Bytes", StringComparison.OrdinalIgnoreCase);

    private static string? ExpandTime(Match match)
    {
        var ticks = decimal.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * match.Groups[2].Value.ToUpperInvariant() switch
        {
            "MS" => TimeSpan.TicksPerMillisecond,
            "S" => TimeSpan.TicksPerSecond,
            "M" or "MIN" => TimeSpan.TicksPerMinute,
            "H" => TimeSpan.TicksPerHour,
            _ => TimeSpan.TicksPerDay,
        };
        return ticks <= TimeSpan.MaxValue.Ticks ? new TimeSpan((long)ticks).ToString("c", CultureInfo.InvariantCulture) : null;
    }

    // As gRPC counts: 4 MB are 4 * 1024 * 1024 bytes, with or without the i.
    private static string ExpandSize(Match match)
    {
        var power = "BKMG".IndexOf(char.ToUpperInvariant(match.Groups[2].Value[0]), StringComparison.Ordinal);
        return Math.Floor(decimal.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * (1L << (10 * power))).ToString(CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^\s*(\d{1,15}(?:\.\d{1,7})?)\s*(ms|s|m|min|h|d)\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex(@"^\s*(\d{1,12}(?:\.\d{1,3})?)\s*(B|[KMG]i?B)\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Size();
}
