using System.Collections.Concurrent;

namespace PooledClients.Configuration;

/// <summary>The configuration values that did not parse, by section, kept for the validation of what did.</summary>
internal sealed class BindingErrors
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _errors = new(StringComparer.Ordinal);

    public void Set(string section, IReadOnlyList<string> errors) => _errors[section] = errors;

    public IReadOnlyList<string> Get(string section) => _errors.GetValueOrDefault(section, []);
}
