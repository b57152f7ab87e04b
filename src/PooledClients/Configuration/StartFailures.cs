using Microsoft.Extensions.Options;

namespace PooledClients.Configuration;

/// <summary>What keeps the host from starting, each said once however many ways it was met.</summary>
internal sealed class StartFailures
{
    private readonly List<string> _all = [];

    public IReadOnlyList<string> All => _all;

    public void Add(string failure)
    {
        if (!_all.Contains(failure))
        {
            _all.Add(failure);
        }
    }

    /// <summary>Clients of several types have one name.</summary>
    /// <param name="key">Where the options of that name are.</param>
    /// <param name="name">The name.</param>
    /// <param name="clientTypes">The types of those that have it, each as often as it has.</param>
    /// <param name="shared">What they share with it.</param>
    /// <param name="register">The method that registers a client.</param>
    public void AddIfShared(string key, string name, IEnumerable<Type> clientTypes, string shared, string register)
    {
        var types = clientTypes.Distinct().ToList();
        if (types.Count > 1)
        {
            Add($"{key}: {string.Join(" and ", types)} share the name '{name}', and so its {shared}; give all but one a name of its own: {register}<TClient>(\"name\").");
        }
    }

    /// <param name="key">Where it belongs, unless it says so itself.</param>
    /// <param name="exception">What was thrown.</param>
    public void Add(string key, Exception exception)
    {
        if (exception is not OptionsValidationException invalid)
        {
            Add($"{key}: {exception.Message}");
            return;
        }

        foreach (var failure in invalid.Failures)
        {
            Add(failure);
        }
    }

    /// <summary>Runs what the application's own code may let fail in any way.</summary>
    /// <returns>How it has failed; <see langword="null"/> when it went well.</returns>
    public static Exception? Catch(Action action)
    {
        try
        {
            action();
            return null;
        }
#pragma warning disable CA1031 // The application's own code may throw anything.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception;
        }
    }

    /// <returns>Whether it went well.</returns>
    public bool Try(string key, Action action)
    {
        if (Catch(action) is not { } failure)
        {
            return true;
        }

        Add(key, failure);
        return false;
    }
}
