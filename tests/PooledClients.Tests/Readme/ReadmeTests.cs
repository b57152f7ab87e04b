using System.IO.Enumeration;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PooledClients.Tests.Readme;

public sealed partial class ReadmeTests
{
    [Theory]
    [InlineData("README.md", "ReadmeExamples.cs")]
    [InlineData("docs/configuration.md", "ReadmeExamples.cs")]
    [InlineData("docs/migrating.md", "MigratingExamples.cs")]
    [InlineData("docs/endpoints.md", "EndpointsExamples.cs")]
    [InlineData("docs/testing.md", "TestingExamples.cs")]
    [InlineData("src/PooledClients/README.md", "ReadmeExamples.cs")]
    [InlineData("src/PooledClients.ServiceDiscovery/README.md", "EndpointsExamples.cs")]
    [InlineData("src/PooledClients.AspNetCore/README.md", "ReadmeExamples.cs")]
    [InlineData("src/PooledClients.Testing/README.md", "TestingExamples.cs")]
    public void CSharpBlocks_OfAPage_AreCompiledByTheExamples(string page, string examplesFile)
    {
        var examples = Normalize(File.ReadAllText(Path.Combine(Repository.Root, "tests", "PooledClients.Tests", "Readme", examplesFile)));
        var blocks = Block().Matches(File.ReadAllText(Path.Combine(Repository.Root, page)));

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(Normalize(block.Groups[1].Value), examples, StringComparison.Ordinal));
    }

    [Fact]
    public void Readme_OfTheRepository_IsShort() =>
        Assert.InRange(File.ReadAllLines(Path.Combine(Repository.Root, "README.md")).Length, 1, 100);

    [Fact]
    public void Links_OfThePages_LeadToFiles()
    {
        string[] pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)];

        var missing = from page in pages
                      let path = Path.Combine(Repository.Root, page)
                      from Match link in Link().Matches(File.ReadAllText(path))
                      let target = Path.Combine(Path.GetDirectoryName(path)!, link.Groups[1].Value)
                      where !File.Exists(target) && !Directory.Exists(target)
                      select $"{page}: {link.Groups[1].Value}";

        Assert.Empty(missing);
    }

    [Fact]
    public void Links_OfThePagesInThePackage_LeadToFilesInIt()
    {
        var project = Path.Combine(Repository.Root, "src", "PooledClients");
        var packed = XDocument.Load(Path.Combine(project, "PooledClients.csproj")).Descendants("None").Where(static item => item.Attribute("PackagePath")?.Value.StartsWith("analyzers", StringComparison.Ordinal) == false)
            .Select(static item => item.Attribute("Include")!.Value).Where(static glob => glob.StartsWith("../../", StringComparison.Ordinal)).Select(static glob => glob["../../".Length..]).ToList();
        var missing = from page in Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Concat(Directory.GetFiles(Path.Combine(Repository.Root, "docs", "analyzers"), "*.md"))
                      from Match link in Link().Matches(File.ReadAllText(page))
                      let target = Path.GetRelativePath(Repository.Root, Path.Combine(Path.GetDirectoryName(page)!, link.Groups[1].Value)).Replace('\\', '/')
                      where !packed.Any(glob => FileSystemName.MatchesSimpleExpression(glob.Replace("/**/", "/", StringComparison.Ordinal), Directory.Exists(Path.Combine(Repository.Root, target)) ? $"{target}/any" : target))
                      select $"{Path.GetFileName(page)}: {link.Groups[1].Value}";

        Assert.Contains("docs/*.md", packed);
        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("README.md", "PooledClients")]
    [InlineData("src/PooledClients/README.md", "PooledClients")]
    [InlineData("src/PooledClients.AspNetCore/README.md", "PooledClients.AspNetCore")]
    [InlineData("src/PooledClients.ServiceDiscovery/README.md", "PooledClients.ServiceDiscovery")]
    [InlineData("src/PooledClients.Testing/README.md", "PooledClients.Testing")]
    public void Readme_OfAPackage_BeginsWithItsInstallationAndHasNoRelativePicture(string page, string package)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, page));

        Assert.StartsWith($"dotnet add package {package}\n", FirstCode().Match(text).Groups[1].Value, StringComparison.Ordinal);
        Assert.All(Picture().Matches(text), static picture => Assert.StartsWith("https://", picture.Groups[1].Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Packages_EachHaveAReadmeOfTheirOwn_WhoseLinksLeadSomewhere()
    {
        var projects = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Where(static project => File.ReadAllText(project).Contains("<PackageReadmeFile>", StringComparison.Ordinal)).ToList();

        Assert.Equal(4, projects.Count);
        Assert.All(projects, static project =>
        {
            Assert.Contains("<None Include=\"README.md\" Pack=\"true\"", File.ReadAllText(project), StringComparison.Ordinal);
            Assert.Empty(Link().Matches(File.ReadAllText(Path.Combine(Path.GetDirectoryName(project)!, "README.md"))));
        });
    }

    private static string Normalize(string code) => string.Join('\n', code.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("```\\w*\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex FirstCode();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"!\[[^\]]*\]\(([^)]*)\)")]
    private static partial Regex Picture();
}
