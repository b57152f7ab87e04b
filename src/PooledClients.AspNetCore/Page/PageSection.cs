namespace PooledClients.AspNetCore.Page;

/// <summary>A table of the page, the most important columns and rows first: what does not fit is left out at the end.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Columns">The headings of its columns.</param>
/// <param name="Rows">Its rows, at most <see cref="MostRows"/>.</param>
/// <param name="Total">How many rows there would be.</param>
/// <param name="WhenEmpty">What to say without a row.</param>
internal sealed record PageSection(string Title, IReadOnlyList<string> Columns, IReadOnlyList<PageCell[]> Rows, int Total, string WhenEmpty)
{
    public const int MostRows = 200;

    public static PageSection Of<T>(string title, string[] columns, IReadOnlyCollection<T> items, Func<T, PageCell[]> row, string whenEmpty) =>
        new(title, columns, [.. items.Take(MostRows).Select(row)], items.Count, whenEmpty);
}
