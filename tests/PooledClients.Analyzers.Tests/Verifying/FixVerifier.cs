using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;

namespace PooledClients.Analyzers.Tests.Verifying;

/// <summary>Applies a fix to the marked place and compares; what comes out must compile.</summary>
internal static class FixVerifier<TAnalyzer, TFix>
    where TAnalyzer : DiagnosticAnalyzer, new()
    where TFix : CodeFixProvider, new()
{
    public static async Task MembersAsync(string before, string after) => await RunAsync(Source.OfMembers(before), Source.OfMembers(after));

    public static async Task FileAsync(string before, string after) => await RunAsync(Source.OfFile(before), Source.OfFile(after));

    private static Task RunAsync(string before, string after)
    {
        var test = new CSharpCodeFixTest<TAnalyzer, TFix, DefaultVerifier>
        {
            TestCode = before,
            FixedCode = after,
            ReferenceAssemblies = References.None,
            TestBehaviors = TestBehaviors.SkipGeneratedCodeCheck | TestBehaviors.SkipSuppressionCheck,
            MarkupOptions = MarkupOptions.UseFirstDescriptor,
            CodeFixTestBehaviors = CodeFixTestBehaviors.SkipFixAllCheck | CodeFixTestBehaviors.FixOne,
            CompilerDiagnostics = CompilerDiagnostics.Errors,
        };
        test.TestState.AdditionalReferences.AddRange(References.All);
        test.SolutionTransforms.Add(LanguageSetup<TAnalyzer>.Prepare);
        return test.RunAsync(TestContext.Current.CancellationToken);
    }
}
