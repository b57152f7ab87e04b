using PooledClients.Tls;

namespace PooledClients.Configuration;

/// <summary>The errors of one section, each with its full key, the value that it has and the way out.</summary>
internal sealed class OptionsErrors(string section)
{
    // Nothing that the options time is meant to take longer, and "30" parses as 30 days.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly List<string> _failures = [];

    public IReadOnlyList<string> Failures => _failures;

    public void AddRange(IEnumerable<string> failures) => _failures.AddRange(failures);

    public void Add(string property, string message) => _failures.Add($"{section}:{property}: {message}");

    public void CheckTime(string property, TimeSpan? value, bool mayBeInfinite = true, TimeSpan? atLeast = null)
    {
        if (value is not { } time || (mayBeInfinite && time == Timeout.InfiniteTimeSpan))
        {
            return;
        }

        if (time <= TimeSpan.Zero)
        {
            Add(property, $"'{time:c}' is not positive; set a time such as 00:00:05{(mayBeInfinite ? ", or -00:00:00.0010000 for none" : "")}.");
        }
        else if (time < atLeast)
        {
            Add(property, $"'{time:c}' is less than {atLeast:c}, the least that makes sense here.");
        }
        else if (time > Longest)
        {
            Add(property, $"'{time:c}' is more than a day; a bare number means days, so write 30 seconds as 00:00:30.");
        }
    }

    public void CheckPositive(string property, long? value)
    {
        if (value <= 0)
        {
            Add(property, $"{value} is not positive; set at least 1, or leave it out for the default.");
        }
    }

    /// <summary>A number that stands for none of an enumeration's values: the binder takes any.</summary>
    public void CheckName<TEnum>(string property, TEnum value)
        where TEnum : struct, Enum
    {
        // What has no name, or a bit without one, is printed as its number.
        if (value.ToString() is ['-' or (>= '0' and <= '9'), ..])
        {
            Add(property, $"{value} stands for nothing; write one of {string.Join(", ", Enum.GetNames<TEnum>())}.");
        }
    }

    public void CheckConnection(ConnectionOptions options)
    {
        const string prefix = $"{nameof(PooledGrpcClientOptions.Connection)}:";
        CheckTime(prefix + nameof(options.ConnectTimeout), options.ConnectTimeout, mayBeInfinite: false);
        CheckTime(prefix + nameof(options.Lifetime), options.Lifetime);
        CheckTime(prefix + nameof(options.IdleTimeout), options.IdleTimeout);
        CheckTime(prefix + nameof(options.DeadPeerTimeout), options.DeadPeerTimeout, atLeast: TimeSpan.FromSeconds(1));
        CheckTime(prefix + nameof(options.KeepAlivePingDelay), options.KeepAlivePingDelay, atLeast: TimeSpan.FromSeconds(1));
        CheckTime(prefix + nameof(options.KeepAlivePingTimeout), options.KeepAlivePingTimeout, mayBeInfinite: false, atLeast: TimeSpan.FromSeconds(1));
        CheckPositive(prefix + nameof(options.MaxConnections), options.MaxConnections);
    }

    /// <summary>Loads the files, so that a bad one fails the start; what is loaded here is what the transports use.</summary>
    public void CheckTls(TlsOptions options, TlsRegistry registry)
    {
        const string prefix = $"{nameof(PooledGrpcClientOptions.Tls)}:";
        var failures = _failures.Count;
        CheckTime(prefix + nameof(options.ReloadInterval), options.ReloadInterval, mayBeInfinite: false, atLeast: TimeSpan.FromSeconds(1));
        CheckName(prefix + nameof(options.RevocationMode), options.RevocationMode);
        foreach (var error in registry.FindErrors(options))
        {
            Add(prefix + error.OptionName, error.Message);
        }

        if (_failures.Count == failures)
        {
            registry.GetOrAdd(options);
        }
    }
}
