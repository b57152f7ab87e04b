using Microsoft.Extensions.Configuration;

namespace PooledClients.Configuration;

/// <summary>Finds keys that mean nothing, and what was probably meant.</summary>
internal static class UnknownKeyFinder
{
    /// <param name="section">The section of a client, or that of the process.</param>
    /// <param name="keys">The keys that it may have.</param>
    /// <param name="others">What else is below it: the sections of clients whose names begin with this one's.</param>
    public static IEnumerable<string> Find(IConfigurationSection section, SectionKeys keys, IReadOnlyCollection<string> others) =>
        Find(section, section.GetChildren().Where(child => !others.Any(other => IsAtOrAbove(child.Key, other))), keys, "", keys);

    /// <summary>The sections beside that of the process that are probably meant for it.</summary>
    public static IEnumerable<string> FindMisspelt(IConfiguration configuration) => configuration.GetChildren()
        .Where(static section => Suggestion.IsNear(section.Key, ConfigurationKeys.Root) && section.GetChildren().Any())
        .Select(static section => $"{section.Path}: nothing is read from there; did you mean {ConfigurationKeys.Root}?");

    /// <summary>The sections below <paramref name="section"/> that no client has. A client's name may be a path.</summary>
    /// <param name="section">The section of a kind of clients.</param>
    /// <param name="names">The clients of that kind.</param>
    /// <param name="add">What adds one.</param>
    /// <param name="others">Where clients of the other kind have their sections, by name.</param>
    public static IEnumerable<string> FindClients(IConfigurationSection section, IReadOnlyCollection<string> names, string add, IReadOnlyDictionary<string, string>? others = null)
        => FindClients(section, prefix: "", names, add, others);

    private static IEnumerable<string> FindClients(IConfigurationSection section, string prefix, IReadOnlyCollection<string> names, string add, IReadOnlyDictionary<string, string>? others)
    {
        foreach (var child in section.GetChildren())
        {
            var name = prefix + child.Key;
            if (names.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            if (string.IsNullOrEmpty(child.Value) && names.Any(known => IsAtOrAbove(name, known)))
            {
                foreach (var unknown in FindClients(child, $"{name}:", names, add, others))
                {
                    yield return unknown;
                }

                continue;
            }

            if (others?.GetValueOrDefault(name) is { } other)
            {
                yield return $"{child.Path}: the client of that name is of the other kind; did you mean {other}?";
                continue;
            }

            var known = names.Count == 0 ? "none was added" : $"there are {string.Join(", ", names.Order(StringComparer.Ordinal))}";
            yield return $"{child.Path}: no such client was added; {(Suggestion.For(name, names) is { Count: > 0 } meant ? $"did you mean {string.Join(" or ", meant)}?" : $"{known}. Add it with {add}, or leave the section out.")}";
        }
    }

    private static bool IsAtOrAbove(string path, string name)
        => name.StartsWith(path, StringComparison.OrdinalIgnoreCase) && (name.Length == path.Length || name[path.Length] == ':');

    private static IEnumerable<string> Find(IConfigurationSection section, IEnumerable<IConfigurationSection> children, SectionKeys keys, string prefix, SectionKeys all)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            yield return $"{section.Path}: it is no value, but has settings below it: {string.Join(", ", keys.Names.Order(StringComparer.Ordinal))}.";
        }

        foreach (var child in children)
        {
            foreach (var unknown in keys.Find(child.Key) is { } key ? Find(child, key, prefix, all) : [$"{child.Path}: there is no such setting; {Meant(child.Key, keys, prefix, all)}"])
            {
                yield return unknown;
            }
        }
    }

    private static IEnumerable<string> Find(IConfigurationSection child, SectionKeys.Key key, string prefix, SectionKeys all) => key switch
    {
        { Section: { } below, IsDictionary: true } => [.. NoValue(child, "has settings below it, by name"), .. child.GetChildren().SelectMany(named => Find(named, named.GetChildren(), below, prefix, below))],
        { Section: { } below } => Find(child, child.GetChildren(), below, $"{prefix}{child.Key}:", all),
        { Scalar: not null } => BelowValue(child),
        { IsList: true } => [.. NoValue(child, $"is a list: write {child.Key}:0, {child.Key}:1 and so on, or an array"), .. child.GetChildren().SelectMany(BelowValue)],
        _ => NoValue(child, "has settings below it"),
    };

    private static IEnumerable<string> NoValue(IConfigurationSection section, string but) => string.IsNullOrEmpty(section.Value) ? [] : [$"{section.Path}: it is no value, but {but}."];

    private static IEnumerable<string> BelowValue(IConfigurationSection section) => section.GetChildren().Select(below => $"{below.Path}: there is no such setting; {section.Key} is a value.");

    // Its own level first; then the whole client, for a setting that stands too high or too low.
    private static string Meant(string key, SectionKeys keys, string prefix, SectionKeys all)
    {
        if (Suggestion.For(key, keys.Names) is { Count: > 0 } near)
        {
            return $"did you mean {string.Join(" or ", near)}?";
        }

        var paths = all.Paths().ToLookup(static path => path[(path.LastIndexOf(':') + 1)..], StringComparer.Ordinal);
        return Suggestion.For(key, paths.Select(static path => path.Key)) is { Count: > 0 } far
            ? $"did you mean {string.Join(" or ", far.SelectMany(name => paths[name]))}{(prefix.Length == 0 ? "" : ", counted from the client's section")}?"
            : $"the settings here are {string.Join(", ", keys.Names.Order(StringComparer.Ordinal))}{(keys.HasClients ? "; a client's are below Grpc or Http, by its name" : "")}.";
    }
}
