using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using PooledClients.Analyzers.CodeFixes;
using PooledClients.Analyzers.Tests.Verifying;

namespace PooledClients.Analyzers.Tests.Fixes;

/// <summary>The incident's own file, with one fix after the other until no rule has one to offer.</summary>
public sealed class IncidentFileTests
{
    private const int MaxFixes = 20;

    private static readonly CodeFixProvider[] Fixes =
        [new InjectClientFix(), new InjectHttpClientFix(), new DisposeHttpClientFix(), new UsingFix(), new RemoveValidationOffFix(), new StaticFieldFix(), new AddDeadlineFix()];

    /// <summary>The file's statements that make the objects are left out: what a constructor takes now is for the container to give.</summary>
    [Fact]
    public async Task Incident_Fixed_CompilesAfterEachFixAndIsSilent()
    {
        using var workspace = new AdhocWorkspace();
        var lines = File.ReadLines(Repository.PathOf(".ci/smoke/Incident.cs")).Where(static line => !line.StartsWith("Console.WriteLine(await new ", StringComparison.Ordinal));
        var document = Findings.Document(workspace, Source.OfFile(string.Join('\n', lines)), OutputKind.ConsoleApplication);
        var found = await Findings.OfAsync(document);
        Assert.Equal(["PC0001", "PC0002", "PC0003", "PC0004", "PC0005", "PC0006", "PC0007", "PC0008"], found.Select(static finding => finding.Id).Distinct().Order());

        for (var count = 0; await FixedAsync(document, found) is { } changed; count++)
        {
            Assert.True(count < MaxFixes, "The fixes find no end.");
            document = changed;
            found = await Findings.OfAsync(document);
        }

        // A collection that is filled in place has no fix: it is filled where the reader sees fit.
        var left = Assert.Single(found);
        Assert.Equal("PC0007", left.Id);
        Assert.Contains("ImportFromPemFile", left.Location.SourceTree!.GetText(TestContext.Current.CancellationToken).ToString(left.Location.SourceSpan), StringComparison.Ordinal);
    }

    private static async Task<Document?> FixedAsync(Document document, IReadOnlyList<Diagnostic> found)
    {
        foreach (var (fix, finding) in Fixes.SelectMany(fix => found.Where(finding => fix.FixableDiagnosticIds.Contains(finding.Id)).Select(finding => (fix, finding))))
        {
            CodeAction? offered = null;
            await fix.RegisterCodeFixesAsync(new CodeFixContext(document, finding, (action, _) => offered = action, TestContext.Current.CancellationToken));
            if (offered is not null)
            {
                var operations = await offered.GetOperationsAsync(TestContext.Current.CancellationToken);
                return operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetDocument(document.Id);
            }
        }

        return null;
    }
}
