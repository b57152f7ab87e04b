using Microsoft.Extensions.Configuration;

namespace PooledClients.Configuration;

/// <summary>Finds keys that mean nothing, and what was probably meant.</summary>
internal static class UnknownKeyFinder
{
    public static IEnumerable<string> Find(IConfigurationSection section, SectionKeys keys) => Find(section, keys, "", keys);

    /// <summary>The sections below <paramref name="section"/> that no client has.</summary>
    public static IEnumerable<string> FindClients(IConfigurationSection section, IReadOnlyCollection<string> names, string add)
    {
        foreach (var child in section.GetChildren().Where(child => !names.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            var known = names.Count == 0 ? "none was added" : $"there are {string.Join(", ", names.Order(StringComparer.Ordinal))}";
            yield return $"{child.Path}: no such client was added; {(Suggestion.For(child.Key, names) is { Count: > 0 } meant ? $"did you mean {string.Join(" or ", meant)}?" : $"{known}. Add it with {add}, or leave the section out.")}";
        }
    }

    private static IEnumerable<string> Find(IConfigurationSection section, SectionKeys keys, string prefix, SectionKeys all)
    {
        foreach (var child in section.GetChildren())
        {
            var key = keys.Find(child.Key);
            if (key is null)
            {
                yield return $"{child.Path}: there is no such setting; {Meant(child.Key, keys, prefix, all)}";
            }
            else if (key.Section is null)
            {
                foreach (var below in key.Scalar is null ? [] : child.GetChildren())
                {
                    yield return $"{below.Path}: there is no such setting; {child.Key} is a value.";
                }
            }
            else if (!string.IsNullOrEmpty(child.Value))
            {
                yield return $"{child.Path}: it is no value, but has settings below it.";
            }
            else
            {
                foreach (var named in key.IsDictionary ? child.GetChildren() : [child])
                {
                    foreach (var unknown in Find(named, key.Section, key.IsDictionary ? prefix : $"{prefix}{child.Key}:", key.IsDictionary ? key.Section : all))
                    {
                        yield return unknown;
                    }
                }
            }
        }
    }

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
            : $"the settings here are {string.Join(", ", keys.Names.Order(StringComparer.Ordinal))}.";
    }
}
