using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;

namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>What came of a case, line by line: what the caller got, and then what the server saw.</summary>
internal sealed class Outcome
{
    private const int LongestText = 200;
    private readonly ConcurrentQueue<string> _lines = new();

    public void Note(string line) => _lines.Enqueue(line);

    public void Note(string what, object? value) => Note($"{what}: {Text(value)}");

    public bool Shows(string text) => ToString().Contains(text, StringComparison.Ordinal);

    public override string ToString() => string.Join('\n', _lines);

    /// <summary>A value in words; what is long, by its length and its hash.</summary>
    public static string Text(object? value)
    {
        var text = value switch
        {
            null => "null",
            byte[] bytes => Printable(bytes),
            IFormattable formattable => formattable.ToString(format: null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
        return text.Length <= LongestText ? text : $"{text.Length} characters, {Hash(System.Text.Encoding.UTF8.GetBytes(text))}";
    }

    /// <summary>Whether a header is there only while another test of this process listens to activities.</summary>
    public static bool IsOfTracing(string header) => header.StartsWith("traceparent", StringComparison.OrdinalIgnoreCase);

    private static string Printable(byte[] bytes)
        => bytes.Length > LongestText || bytes.Any(static value => value is < 32 or > 126)
            ? $"{bytes.Length} bytes, {Hash(bytes)}"
            : System.Text.Encoding.ASCII.GetString(bytes);

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes).AsSpan(0, 6));
}
