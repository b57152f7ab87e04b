using System.Text;

namespace PooledClients.AspNetCore.Page;

/// <summary>
/// A page as it is written, a row or a trouble at a time: no page is larger than so much, whatever names and errors are like, and what does
/// not fit is left out at the end of its table.
/// </summary>
internal sealed class BoundedText
{
    /// <summary>How much there is room for of one answer, trouble or way out.</summary>
    public const int MostOfText = 1_000;

    private const int MostBytes = 145_000;
    private const int MostOfTroubles = 30_000;

    /// <summary>What each of the tables that are still to come may count on, the last of them on twice as much.</summary>
    private const int Reserved = 6_000;

    private readonly StringBuilder _kept = new(64 * 1024);
    private int _bytes;

    /// <summary>What is written of one row or trouble, until it is known to fit.</summary>
    public StringBuilder Part { get; } = new();

    /// <summary>How far the troubles may go that begin here.</summary>
    public int EndOfTroubles => _bytes + MostOfTroubles;

    /// <summary>How far a table may go that so many others follow.</summary>
    public static int EndOfTable(int following) => MostBytes - (following == 0 ? 0 : (following + 1) * Reserved);

    /// <summary>Keeps what was written, unless it goes beyond the end.</summary>
    public bool TryKeep(int end)
    {
        if (_bytes + BytesOfPart() > end)
        {
            Part.Clear();
            return false;
        }

        Keep();
        return true;
    }

    public void Keep()
    {
        _bytes += BytesOfPart();
        _kept.Append(Part);
        Part.Clear();
    }

    public override string ToString() => _kept.ToString();

    private int BytesOfPart()
    {
        var bytes = 0;
        foreach (var chunk in Part.GetChunks())
        {
            bytes += Encoding.UTF8.GetByteCount(chunk.Span);
        }

        return bytes;
    }
}
