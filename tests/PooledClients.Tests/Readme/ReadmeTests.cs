using System.Text.RegularExpressions;

namespace PooledClients.Tests.Readme;

public sealed partial class ReadmeTests
{
    [Fact]
    public void CSharpBlocks_OfTheReadme_AreCompiledByTheExamples()
    {
        var examples = Normalize(File.ReadAllText(Path.Combine(Repository.Root, "tests", "PooledClients.Tests", "Readme", "ReadmeExamples.cs")));
        var blocks = Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md")));

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(Normalize(block.Groups[1].Value), examples, StringComparison.Ordinal));
    }

    private static string Normalize(string code) => string.Join('\n', code.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
