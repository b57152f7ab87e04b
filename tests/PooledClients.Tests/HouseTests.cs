namespace PooledClients.Tests;

/// <summary>What keeps the house readable: rooms that can be seen at a glance, files that fit a head, no circle that has to be known whole.</summary>
public sealed class HouseTests
{
    private const int MostFiles = 15;
    private const int MostLines = 300;
    private const int LargestCircle = 3;

    private static readonly string Source = Path.Combine(Repository.Root, "src");

    [Fact]
    public void Folders_OfTheSource_HoldFifteenFilesAtMost()
    {
        var full = Files().GroupBy(static file => Path.GetDirectoryName(file)!).Where(static folder => folder.Count() > MostFiles).Select(static folder => $"{folder.Key}: {folder.Count()}");

        Assert.Empty(full);
    }

    [Fact]
    public void Files_OfTheSource_HaveThreeHundredLinesAtMost()
    {
        var longFiles = Files()
            .Select(static file => (File: file, Lines: File.ReadLines(Path.Combine(Source, file)).Count()))
            .Where(static file => file.Lines > MostLines)
            .Select(static file => $"{file.File}: {file.Lines}");

        Assert.True(Files().Count() > 400, "The source files were not found.");
        Assert.Empty(longFiles);
    }

    [Fact]
    public void Circles_OfFilesThatNameEachOther_AreOfThreeAtMost()
    {
        var circles = FileCircles.Find(SourceFile.ReadAll(Path.Combine(Source, "PooledClients")))
            .Where(static circle => circle.Count > LargestCircle)
            .Select(static circle => string.Join(", ", circle));

        Assert.Empty(circles);
    }

    private static IEnumerable<string> Files() => Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
        .Select(static file => Path.GetRelativePath(Source, file).Replace('\\', '/'))
        .Where(static file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));
}
