using System.Text.RegularExpressions;

namespace PooledClients.Tests;

/// <summary>A source file of the library: its room, the types that it declares and the words that it uses outside comments.</summary>
internal sealed partial class SourceFile
{
    private readonly HashSet<string> _declared;
    private readonly HashSet<string> _words;
    private readonly HashSet<string> _visible;
    private readonly string _namespace;

    private SourceFile(string root, string file)
    {
        Path = System.IO.Path.GetRelativePath(root, file).Replace('\\', '/');
        Room = System.IO.Path.GetDirectoryName(Path)!.Replace('\\', '/');
        var code = Comment().Replace(File.ReadAllText(file), "");
        _namespace = NamespaceLine().Match(code).Groups[1].Value;
        _declared = [.. Declaration().Matches(code).Select(static match => match.Groups[1].Value)];
        _words = [.. Word().Matches(code).Select(static match => match.Value)];
        _visible = [_namespace, .. UsingLine().Matches(code).Select(static match => match.Groups[1].Value)];
        for (var end = _namespace.LastIndexOf('.'); end > 0; end = _namespace.LastIndexOf('.', end - 1))
        {
            _visible.Add(_namespace[..end]);
        }
    }

    /// <summary>The path below the library's folder.</summary>
    public string Path { get; }

    /// <summary>The folder below the library's.</summary>
    public string Room { get; }

    public static List<SourceFile> ReadAll(string root) =>
        [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Generated().IsMatch(System.IO.Path.GetRelativePath(root, file)))
            .Select(file => new SourceFile(root, file))];

    /// <summary>Which of <paramref name="files"/> declare a type that this file names and can see.</summary>
    public IEnumerable<SourceFile> Names(IEnumerable<SourceFile> files) =>
        files.Where(other => other != this && _visible.Contains(other._namespace) && other._declared.Overlaps(_words) && !other._declared.Overlaps(_declared));

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^using (PooledClients[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex(@"^(?:public|internal) (?:(?:static|sealed|abstract|partial|readonly|ref|unsafe) )*(?:class|struct|record struct|record|interface|enum) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^(?:obj|bin)[\\/]")]
    private static partial Regex Generated();
}
