using PooledClients.Analyzers.Tests.Verifying;

namespace PooledClients.Analyzers.Tests.Cases;

/// <summary>The release files say what the rules are; the compiler's own check cannot read descriptors that a method makes.</summary>
public sealed class ReleaseFileTests
{
    [Fact]
    public void ReleaseFiles_ListEachRuleAsItIs()
    {
        var listed = File.ReadLines(Repository.PathOf("src/PooledClients.Analyzers/AnalyzerReleases.Shipped.md"))
            .Concat(File.ReadLines(Repository.PathOf("src/PooledClients.Analyzers/AnalyzerReleases.Unshipped.md")))
            .Where(static line => line.StartsWith("PC", StringComparison.Ordinal));

        Assert.Equal(
            Findings.Descriptors.Select(static rule => $"{rule.Id} | {rule.Category} | {(rule.IsEnabledByDefault ? rule.DefaultSeverity.ToString() : "Disabled")} | {rule.Title}").Order(),
            listed.Order());
    }

    [Fact]
    public void Descriptors_NoIdTwice() => Assert.Equal(Findings.Descriptors.Select(static rule => rule.Id).Distinct(), Findings.Descriptors.Select(static rule => rule.Id));
}
