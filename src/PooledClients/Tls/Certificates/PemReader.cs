using System.Diagnostics.CodeAnalysis;
using PooledClients.Tls.Files;

namespace PooledClients.Tls.Certificates;

/// <summary>
/// Reads PEM (RFC 7468) strictly: every marker is whole and has its partner, so that a text which was cut inside a block or a marker
/// is refused. The runtime's own reader skips what it does not understand and so accepts half a file. Text between blocks is a comment.
/// </summary>
internal static class PemReader
{
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";
    private const string PutBack = "put the whole file back";

    public static List<PemBlock> Read(ReadOnlyMemory<char> text)
    {
        var blocks = new List<PemBlock>();
        var span = text.Span;
        string? label = null;
        int beginLine = 0, begin = 0, bodyStart = 0, line = 0;

        for (int start = 0, next; start < span.Length; start = next)
        {
            line++;
            var newline = span[start..].IndexOf('\n');
            var terminated = newline >= 0;
            next = terminated ? start + newline + 1 : span.Length;
            var content = span[start..next].Trim();

            if (label is null)
            {
                if (TryReadMarker(content, Begin, out label))
                {
                    (beginLine, begin, bodyStart) = (line, start, next);
                }
                else
                {
                    RefuseStrayMarker(content, terminated, line);
                }
            }
            else if (content.StartsWith("-"))
            {
                if (!TryReadMarker(content, End, out var endLabel) || endLabel != label)
                {
                    throw new TlsContentException($"the {label} block that begins at line {beginLine} is not closed before this marker", PutBack, line);
                }

                blocks.Add(new PemBlock(label, beginLine, text[bodyStart..start], text[begin..next]));
                label = null;
            }
        }

        return label is null
            ? blocks
            : throw new TlsContentException($"the {label} block that begins here has no END marker: the file is cut", PutBack, beginLine);
    }

    private static void RefuseStrayMarker(ReadOnlySpan<char> content, bool terminated, int line)
    {
        if (TryReadMarker(content, End, out var label))
        {
            throw new TlsContentException($"an END {label} marker without its BEGIN", PutBack, line);
        }

        // A last line that could still become a marker is one that was cut; a rule of dashes inside the file is a comment.
        var cut = !terminated && content.Length > 0 && (Dashes.AsSpan().StartsWith(content) || content.StartsWith(Dashes));
        var rule = terminated && !content.ContainsAnyExcept('-');
        if (cut || (content.Contains(Dashes, StringComparison.Ordinal) && !rule))
        {
            throw new TlsContentException("a BEGIN or END marker that is cut or malformed", PutBack, line);
        }
    }

    private static bool TryReadMarker(ReadOnlySpan<char> content, string prefix, [NotNullWhen(true)] out string? label)
    {
        if (content.Length > prefix.Length + Dashes.Length && content.StartsWith(prefix) && content.EndsWith(Dashes))
        {
            var name = content[prefix.Length..^Dashes.Length];
            label = name.Contains('-') ? null : name.ToString();
            return label is not null;
        }

        label = null;
        return false;
    }
}
