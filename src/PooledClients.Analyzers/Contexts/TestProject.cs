using Microsoft.CodeAnalysis.Diagnostics;

namespace PooledClients.Analyzers.Contexts;

/// <summary>Knows whether a whole project is one of tests, as the SDK's tests say by a property.</summary>
internal static class TestProject
{
    public static bool Is(AnalyzerOptions options)
    {
        return options.AnalyzerConfigOptionsProvider.GlobalOptions.TryGetValue("build_property.IsTestProject", out var value)
            && string.Equals(value, "true", System.StringComparison.OrdinalIgnoreCase);
    }
}
