using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace PooledClients.Analyzers.Tests.Verifying;

/// <summary>How a test's file is compiled.</summary>
internal static class LanguageSetup<TAnalyzer>
    where TAnalyzer : DiagnosticAnalyzer, new()
{
    /// <summary>A debug build of today's language, with the rule on even if it is off by default.</summary>
    public static Solution Prepare(Solution solution, ProjectId id)
    {
        var project = solution.GetProject(id)!;
        var options = (CSharpCompilationOptions)project.CompilationOptions!;
        var rules = new TAnalyzer().SupportedDiagnostics.Where(rule => !rule.IsEnabledByDefault)
            .ToDictionary(rule => rule.Id, _ => ReportDiagnostic.Warn);
        return solution
            .WithProjectParseOptions(id, new CSharpParseOptions(LanguageVersion.Latest, preprocessorSymbols: ["DEBUG"]))
            .WithProjectCompilationOptions(id, options.WithNullableContextOptions(NullableContextOptions.Enable).WithSpecificDiagnosticOptions(options.SpecificDiagnosticOptions.SetItems(rules)));
    }
}
