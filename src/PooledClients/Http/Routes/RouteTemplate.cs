using System.Buffers;

namespace PooledClients.Http.Routes;

/// <summary>
/// Turns a path into one of few templates: a segment that holds a digit or is longer than 32 characters is taken for a value
/// and becomes <c>{}</c>. The query never shows, for it may hold secrets.
/// </summary>
internal static class RouteTemplate
{
    /// <summary>What stands for a value.</summary>
    public const string Value = "{}";

    private const int LongestSegment = 32;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");

    /// <summary>Writes the template; a path that does not fit is cut.</summary>
    /// <returns>The characters written.</returns>
    public static int Write(ReadOnlySpan<char> path, Span<char> destination)
    {
        var written = 0;
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            if (segment.IsEmpty)
            {
                continue;
            }

            var shown = segment.Length > LongestSegment || segment.ContainsAny(Digits) ? Value : segment;
            if (written + 1 + shown.Length > destination.Length)
            {
                return written;
            }

            destination[written++] = '/';
            shown.CopyTo(destination[written..]);
            written += shown.Length;
        }

        if (written == 0 && !destination.IsEmpty)
        {
            destination[written++] = '/';
        }

        return written;
    }
}
