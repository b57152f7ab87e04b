using System.Globalization;

namespace PooledClients.AspNetCore.Page;

/// <summary>Figures as people read them.</summary>
internal static class Show
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB"];

    public static string Time(TimeSpan? time) => time switch
    {
        null => "",
        { TotalMilliseconds: < 1 } t => Text($"{t.TotalMicroseconds:0} us"),
        { TotalMilliseconds: < 10 } t => Text($"{t.TotalMilliseconds:0.0} ms"),
        { TotalSeconds: < 1 } t => Text($"{t.TotalMilliseconds:0} ms"),
        { TotalSeconds: < 100 } t => Text($"{t.TotalSeconds:0.#} s"),
        { TotalMinutes: < 100 } t => Text($"{t.TotalMinutes:0} min"),
        { TotalHours: < 48 } t => Text($"{t.TotalHours:0} h"),
        { } t => Text($"{t.TotalDays:0} days"),
    };

    public static string Bytes(long? bytes)
    {
        if (bytes is not { } left)
        {
            return "";
        }

        var value = (double)left;
        var unit = 0;
        for (; value >= 1000 && unit < Units.Length - 1; unit++)
        {
            value /= 1000;
        }

        return Text($"{value:0.#} {Units[unit]}");
    }

    public static string Count(long? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>The time of day, in UTC.</summary>
    public static string When(DateTimeOffset? at) => at is { } time ? Text($"{time.UtcDateTime:HH:mm:ss}") : "";

    /// <summary>The beginning of a text that may be long.</summary>
    public static string Brief(string? text, int most)
    {
        if (text is null || text.Length <= most)
        {
            return text ?? "";
        }

        // Not in the middle of a character of two.
        var end = char.IsHighSurrogate(text[most - 2]) ? most - 2 : most - 1;
        return text[..end] + "…";
    }

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
