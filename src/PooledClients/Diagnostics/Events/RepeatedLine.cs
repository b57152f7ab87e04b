using System.Collections;
using System.Globalization;

namespace PooledClients.Diagnostics.Events;

/// <summary>A line with the number of those that were held back since the last one like it. Its values are the line's.</summary>
internal sealed class RepeatedLine(IReadOnlyList<KeyValuePair<string, object?>> values, string text, int held) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => values.Count;

    public KeyValuePair<string, object?> this[int index] => values[index];

    public static string Format(RepeatedLine line, Exception? exception) => line.ToString();

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{text} ({held} more like this since the last one.)");
}
