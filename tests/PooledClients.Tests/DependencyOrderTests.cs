using System.Text.RegularExpressions;

namespace PooledClients.Tests;

/// <summary>Folders refer one way. A file's <c>using</c> lines show what it stands on, so they are what is checked.</summary>
public sealed partial class DependencyOrderTests
{
    // Each may use those behind it; Grpc and Http stand side by side.
    private static readonly string[][] Layers = [["DependencyInjection"], ["Grpc", "Http"], ["Resilience"], ["Connections"], ["Tls"], ["Diagnostics"]];

    [Fact]
    public void Usings_OfEachFolder_PointOneWay()
    {
        var root = Path.Combine(Repository.Root, "src", "PooledClients");
        var wrong = new List<string>();
        var looked = 0;
        for (var layer = 0; layer < Layers.Length; layer++)
        {
            var allowed = Layers[(layer + 1)..].SelectMany(static names => names).ToHashSet(StringComparer.Ordinal);
            foreach (var folder in Layers[layer])
            {
                foreach (var file in Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs"))
                {
                    looked++;
                    wrong.AddRange(UsingLine().Matches(File.ReadAllText(file))
                        .Select(static match => match.Groups[1].Value)
                        .Where(used => used != folder && !allowed.Contains(used))
                        .Select(used => $"{folder}/{Path.GetFileName(file)} uses {used}"));
                }
            }
        }

        Assert.True(looked > 50, "The source files were not found.");
        Assert.Empty(wrong);
    }

    [GeneratedRegex(@"^using PooledClients\.(\w+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
