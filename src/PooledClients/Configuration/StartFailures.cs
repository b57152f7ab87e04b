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
