using System.Globalization;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics.Events;

namespace PooledClients.Diagnostics;

/// <summary>
/// The logger of one of the library's classes: it keeps what it is told as an event, whatever the log's filters, and holds back what a
/// fault repeats.
/// </summary>
/// <param name="factory">Makes the logger that lines go on to.</param>
/// <param name="events">Keeps them.</param>
/// <param name="limiter">Says which are held back.</param>
/// <param name="least">The lowest level of what is kept. Lines below it are for the log alone.</param>
internal sealed class RecordingLogger<T>(ILoggerFactory factory, EventLog events, LogLimiter limiter, LogLevel least) : ILogger<T>
{
    private static readonly string[] TargetNames = ["Address", "Service", "Endpoint", "Authority", "Client", "Route", "Path", "Source", "Method"];

    private readonly ILogger _inner = factory.CreateLogger<T>();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => _inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least || _inner.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var targets = Targets(state);
        if (!limiter.MayTell(eventId.Id, string.Join(' ', targets), out var held))
        {
            return;
        }

        var format = held == 0
            ? formatter
            : (told, cause) => string.Create(CultureInfo.InvariantCulture, $"{formatter(told, cause)} ({held} more like this since the last one.)");
        if (logLevel >= least)
        {
            events.Add(new EventSnapshot
            {
                At = events.Now,
                Id = eventId.Id,
                Level = logLevel.ToString(),
                Name = eventId.Name ?? "",
                Target = targets.FirstOrDefault(),
                Message = exception is null ? format(state, null) : $"{format(state, exception)} {exception.Message}",
            });
        }

        if (_inner.IsEnabled(logLevel))
        {
            _inner.Log(logLevel, eventId, state, exception, format);
        }
    }

    private static List<string> Targets<TState>(TState state)
    {
        var targets = new List<string>();
        if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            foreach (var name in TargetNames)
            {
                foreach (var (key, value) in values)
                {
                    if (key == name && value is not null)
                    {
                        targets.Add(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
                    }
                }
            }
        }

        return targets;
    }
}
