using System.Text.RegularExpressions;

namespace PooledClients.Tests.Readme;

public sealed partial class ReadmeTests
{
    [Theory]
    [InlineData("README.md", "ReadmeExamples.cs")]
    [InlineData("docs/migrating.md", "MigratingExamples.cs")]
    [InlineData("docs/testing.md", "TestingExamples.cs")]
    public void CSharpBlocks_OfAPage_AreCompiledByTheExamples(string page, string examplesFile)
    {
        var examples = Normalize(File.ReadAllText(Path.Combine(Repository.Root, "tests", "PooledClients.Tests", "Readme", examplesFile)));
        var blocks = Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, page)));

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(Normalize(block.Groups[1].Value), examples, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("README.md", "PooledClients")]
    [InlineData("src/PooledClients.AspNetCore/README.md", "PooledClients.AspNetCore")]
    [InlineData("src/PooledClients.Testing/README.md", "PooledClients.Testing")]
    public void Readme_OfAPackage_BeginsWithItsInstallationAndHasNoRelativePicture(string page, string package)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, page));

        Assert.StartsWith($"dotnet add package {package}\n", FirstCode().Match(text).Groups[1].Value, StringComparison.Ordinal);
        Assert.All(Picture().Matches(text), static picture => Assert.StartsWith("https://", picture.Groups[1].Value, StringComparison.Ordinal));
    }

    private static string Normalize(string code) => string.Join('\n', code.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("```\\w*\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex FirstCode();

    [GeneratedRegex(@"!\[[^\]]*\]\(([^)]*)\)")]
    private static partial Regex Picture();
}
