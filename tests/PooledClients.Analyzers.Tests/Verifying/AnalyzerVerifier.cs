using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;

namespace PooledClients.Analyzers.Tests.Verifying;

/// <summary>Runs one rule over a file. [|marks|] say where it must fire; without marks it must not.</summary>
internal static class AnalyzerVerifier<TAnalyzer>
    where TAnalyzer : DiagnosticAnalyzer, new()
{
    public static Task MembersAsync(string members) => RunAsync(Source.OfMembers(members), OutputKind.DynamicallyLinkedLibrary);

    public static Task FileAsync(string text) => RunAsync(Source.OfFile(text), OutputKind.DynamicallyLinkedLibrary);

    public static Task ProgramAsync(string text) => RunAsync(Source.OfFile(text), OutputKind.ConsoleApplication);

    /// <summary>Runs a file whose marks are told by the rule's id, at another level than the rule's own.</summary>
    public static Task MembersAsync(string members, DiagnosticSeverity severity, string id) => RunAsync(Source.OfMembers(members), OutputKind.DynamicallyLinkedLibrary, new DiagnosticResult(id, severity).WithLocation(0));

    private static Task RunAsync(string source, OutputKind kind, params DiagnosticResult[] expected)
    {
        var test = new CSharpAnalyzerTest<TAnalyzer, DefaultVerifier>
        {
            TestCode = source,
            ReferenceAssemblies = References.None,
            TestBehaviors = TestBehaviors.SkipGeneratedCodeCheck | TestBehaviors.SkipSuppressionCheck,
            MarkupOptions = MarkupOptions.UseFirstDescriptor,
            TestState = { OutputKind = kind },
        };
        test.TestState.AdditionalReferences.AddRange(References.All);
        test.ExpectedDiagnostics.AddRange(expected);
        test.SolutionTransforms.Add(LanguageSetup<TAnalyzer>.Prepare);
        return test.RunAsync(TestContext.Current.CancellationToken);
    }
}
