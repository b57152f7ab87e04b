using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using PooledClients.Analyzers.Channels;

namespace PooledClients.Analyzers.Tests.Verifying;

/// <summary>Runs rules over a project of one file and returns what they find.</summary>
internal static class Findings
{
    /// <summary>Gets every rule, as the compiler would find them.</summary>
    public static ImmutableArray<DiagnosticAnalyzer> Rules { get; } =
    [
        .. typeof(ChannelPerCallAnalyzer).Assembly.GetTypes()
            .Where(static type => type.IsSubclassOf(typeof(DiagnosticAnalyzer)) && !type.IsAbstract)
            .Select(static type => (DiagnosticAnalyzer)Activator.CreateInstance(type)!),
    ];

    /// <summary>Gets the rules' descriptors.</summary>
    public static IEnumerable<DiagnosticDescriptor> Descriptors => Rules.SelectMany(static rule => rule.SupportedDiagnostics);

    /// <summary>Returns a project with one file, of today's language, with every rule on.</summary>
    public static Document Document(AdhocWorkspace workspace, string text, OutputKind kind)
    {
        var off = Descriptors.Where(static rule => !rule.IsEnabledByDefault).ToDictionary(static rule => rule.Id, static _ => ReportDiagnostic.Warn);
        return workspace.AddProject("Subject", LanguageNames.CSharp)
            .WithMetadataReferences(References.All)
            .WithParseOptions(new Microsoft.CodeAnalysis.CSharp.CSharpParseOptions(Microsoft.CodeAnalysis.CSharp.LanguageVersion.Latest))
            .WithCompilationOptions(new Microsoft.CodeAnalysis.CSharp.CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable, specificDiagnosticOptions: off))
            .AddDocument("Subject.cs", text);
    }

    /// <summary>Returns what the rules say of a file that compiles.</summary>
    public static async Task<IReadOnlyList<Diagnostic>> OfAsync(Document document, bool isTestProject = false)
    {
        var token = TestContext.Current.CancellationToken;
        var compilation = (await document.Project.GetCompilationAsync(token))!;
        Assert.DoesNotContain(compilation.GetDiagnostics(token), static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        var options = new CompilationWithAnalyzersOptions(new AnalyzerOptions([], new Properties(isTestProject)), null, concurrentAnalysis: false, logAnalyzerExecutionTime: false);
        return [.. await new CompilationWithAnalyzers(compilation, Rules, options).GetAnalyzerDiagnosticsAsync(token)];
    }

    /// <summary>What a project's properties tell its rules.</summary>
    private sealed class Properties(bool isTestProject) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(isTestProject);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;
    }

    private sealed class Values(bool isTestProject) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
        {
            value = isTestProject && key == "build_property.IsTestProject" ? "true" : null;
            return value is not null;
        }
    }
}
