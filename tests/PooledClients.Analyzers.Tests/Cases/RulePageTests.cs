using PooledClients.Analyzers.Tests.Verifying;

namespace PooledClients.Analyzers.Tests.Cases;

public sealed class RulePageTests
{
    public static TheoryData<string, string> Pages => [.. Findings.Descriptors.Select(static rule => (rule.Id, rule.HelpLinkUri))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void HelpLink_OfARule_IsItsPage(string id, string link)
        => Assert.StartsWith($"# {id}", File.ReadAllText(Repository.PathOf(link)), StringComparison.Ordinal);
}
