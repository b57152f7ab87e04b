using Microsoft.Extensions.Configuration;

namespace PooledClients.Configuration;

/// <summary>
/// Binds a section so that one value that does not parse hides no other: the binder throws at the first, so the values are then
/// bound one by one, and the bad ones become errors.
/// </summary>
internal static class SectionBinder
{
    public static void Bind<TOptions>(IConfiguration? configuration, string key, BindingErrors errors, TOptions options, Action<IConfiguration, TOptions> bind, IEnumerable<string> names)
        where TOptions : class
    {
        if (configuration?.GetSection(key) is not { } section || !section.Exists())
        {
            return;
        }

        var keys = SectionKeys.Of(typeof(TOptions));
        errors.SetUnknown(key, [.. UnknownKeyFinder.Find(section, keys, ConfigurationKeys.Below(key, names))]);
        var values = SuffixedValues.Expand(section, keys);
        try
        {
            bind(values, options);
        }
        catch (InvalidOperationException)
        {
            // What was bound before the throw is bound again: a scalar is the same the second time.
            errors.Set(key, BindOneByOne(section, values, key, keys, options, bind));
        }
    }

    private static List<string> BindOneByOne<TOptions>(
        IConfiguration section, IConfiguration values, string key, SectionKeys keys, TOptions options, Action<IConfiguration, TOptions> bind)
        where TOptions : class
    {
        var failures = new List<string>();
        foreach (var (path, value) in values.AsEnumerable(makePathsRelative: true).OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (value is null)
            {
                continue;
            }

            try
            {
                bind(new ConfigurationBuilder().AddInMemoryCollection([new(path, value)]).Build(), options);
            }
            catch (InvalidOperationException exception)
            {
                // As it was written, also where it has a unit.
                var shown = path.Contains("password", StringComparison.OrdinalIgnoreCase) ? "***" : AddressText.PrintValue(section[path] ?? value);
                var reason = (exception.InnerException ?? exception).Message;
                failures.Add($"{key}:{path}: '{shown}' does not parse: {(value.Length > 0 ? reason.Replace(value, shown, StringComparison.Ordinal) : reason)}{SuffixedValues.Hint(path, keys.TypeAt(path))}");
            }
        }

        return failures;
    }
}
