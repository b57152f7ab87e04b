using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Diagnostics;

namespace PooledClients.Configuration;

/// <summary>The configuration values that did not parse and the keys that mean nothing, by section, kept for the validation of what did.</summary>
internal sealed class BindingErrors(IServiceProvider services, ILogger<BindingErrors> logger)
{
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _errors = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _unknown = new(StringComparer.Ordinal);

    public void Set(string section, IReadOnlyList<string> errors) => _errors[section] = errors;

    public void SetUnknown(string section, IReadOnlyList<string> unknown) => _unknown[section] = unknown;

    /// <summary>A client's errors; what becomes of unknown keys is the process's option.</summary>
    public IEnumerable<string> Get(string section) => Get(section, Mode());

    public IEnumerable<string> Get(string section, UnknownKeys mode)
        => [.. _errors.GetValueOrDefault(section, []), .. Judge(_unknown.GetValueOrDefault(section, []), mode)];

    /// <summary>Which unknown keys are errors; the others are warned of.</summary>
    public IEnumerable<string> Judge(IEnumerable<string> unknown) => Judge([.. unknown], Mode());

    private IReadOnlyList<string> Judge(IReadOnlyList<string> unknown, UnknownKeys mode)
    {
        if (mode != UnknownKeys.Warn)
        {
            return unknown;
        }

        foreach (var key in unknown)
        {
            logger.UnknownKey(key);
        }

        return [];
    }

    private UnknownKeys Mode()
    {
        try
        {
            return services.GetRequiredService<IOptions<PooledClientsOptions>>().Value.UnknownKeys;
        }
        catch (OptionsValidationException)
        {
            // It is told by the validation of those options.
            return UnknownKeys.FailStart;
        }
    }
}
