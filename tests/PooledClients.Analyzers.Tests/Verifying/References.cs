using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Testing;

namespace PooledClients.Analyzers.Tests.Verifying;

/// <summary>What the tests' own process is made of, the generated clients included: nothing is fetched when a test runs.</summary>
internal static class References
{
    /// <summary>Gets a platform without packages; the assemblies below are all there is.</summary>
    public static ReferenceAssemblies None { get; } = new("net10.0");

    public static ImmutableArray<MetadataReference> All { get; } =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name
                && !name.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal)
                && !name.StartsWith("Microsoft.VisualStudio", StringComparison.Ordinal)
                && !name.StartsWith("Microsoft.Test", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];
}
