using Microsoft.CodeAnalysis.Diagnostics;
using PooledClients.Analyzers.Channels;

namespace PooledClients.Analyzers.Tests.Cases;

public sealed class RulePageTests
{
    public static TheoryData<string, string> Pages => [.. typeof(ChannelPerCallAnalyzer).Assembly.GetTypes()
        .Where(static type => type.IsSubclassOf(typeof(DiagnosticAnalyzer)) && !type.IsAbstract)
        .SelectMany(static type => ((DiagnosticAnalyzer)Activator.CreateInstance(type)!).SupportedDiagnostics)
        .Select(static rule => (rule.Id, rule.HelpLinkUri))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void HelpLink_OfARule_IsItsPage(string id, string link)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PooledClients.sln")))
        {
            folder = folder.Parent!;
        }

        Assert.StartsWith($"# {id}", File.ReadAllText(Path.Combine(folder.FullName, link)), StringComparison.Ordinal);
    }
}
