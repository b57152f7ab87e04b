using System.Collections;
using System.Globalization;

namespace PooledClients.Diagnostics.Events;

/// <summary>
/// A line as it is told: with the number of those that were held back since the last one like it, and without the user names and passwords
/// of the addresses in it. A proxy's are in what the runtime says of it.
/// </summary>
internal sealed class ToldLine : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly IReadOnlyList<KeyValuePair<string, object?>> _values;
    private readonly string _text;

    private ToldLine(IReadOnlyList<KeyValuePair<string, object?>> values, string text) => (_values, _text) = (values, text);

    public int Count => _values.Count;

    public KeyValuePair<string, object?> this[int index] => _values[index];

    /// <param name="values">The line's values.</param>
    /// <param name="text">Its text.</param>
    /// <param name="held">How many like it were held back.</param>
    /// <returns><see langword="null"/> where it is told as it is.</returns>
    public static ToldLine? Of(IReadOnlyList<KeyValuePair<string, object?>> values, string text, int held)
    {
        var clean = AddressText.WithoutUserInfo(text);
        var isClean = ReferenceEquals(clean, text);
        return held == 0 && isClean ? null : new ToldLine(
            isClean ? values : [.. values.Select(static value => KeyValuePair.Create(value.Key, Clean(value.Value)))],
            held == 0 ? clean : string.Create(CultureInfo.InvariantCulture, $"{clean} ({held} more like this since the last one.)"));
    }

    public static string Format(ToldLine line, Exception? exception) => line._text;

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => _text;

    private static object? Clean(object? value) =>
        Convert.ToString(value, CultureInfo.InvariantCulture) is { } text && AddressText.WithoutUserInfo(text) is var clean && !ReferenceEquals(clean, text) ? clean : value;
}
