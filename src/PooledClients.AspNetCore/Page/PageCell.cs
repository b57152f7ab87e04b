namespace PooledClients.AspNetCore.Page;

/// <summary>One cell of a table.</summary>
/// <param name="Text">What it says, not encoded for anything yet.</param>
/// <param name="IsBad">Whether it is what somebody in trouble looks for.</param>
internal readonly record struct PageCell(string Text, bool IsBad = false)
{
    /// <summary>Gets how much of the text there is room for.</summary>
    public int Most { get; init; } = 160;

    /// <summary>Gets figures to draw instead of the text, the oldest first.</summary>
    public IReadOnlyList<int>? Line { get; init; }

    /// <summary>Gets the part of each figure that failed.</summary>
    public IReadOnlyList<int>? FailedLine { get; init; }

    public static implicit operator PageCell(string? text) => new(text ?? "");
}
