using System.Globalization;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics.Events;

namespace PooledClients.Diagnostics;

/// <summary>
/// The logger of one of the library's classes: it keeps what it is told as an event, whatever the log's filters, holds back what a fault
/// repeats, and tells no password.
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

    // Native code is made anew for each shape of a line, so what is generic only hands on.
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var values = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
        if (!MayTell(eventId, values, out var target, out var held))
        {
            return;
        }

        var text = formatter(state, exception);
        var told = ToldLine.Of(values, text, held);
        if (logLevel >= least)
        {
            Keep(logLevel, eventId, target, told?.ToString() ?? text, exception);
        }

        if (!_inner.IsEnabled(logLevel))
        {
            return;
        }

        if (told is null)
        {
            _inner.Log(logLevel, eventId, state, exception, formatter);
        }
        else
        {
            _inner.Log(logLevel, eventId, told, exception, ToldLine.Format);
        }
    }

    private bool MayTell(EventId id, IReadOnlyList<KeyValuePair<string, object?>> values, out string? target, out int held)
    {
        var targets = new List<string>();
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

        target = targets.Count == 0 ? null : AddressText.WithoutUserInfo(targets[0]);
        return limiter.MayTell(id.Id, string.Join(' ', targets), out held);
    }

    private void Keep(LogLevel level, EventId id, string? target, string text, Exception? exception) => events.Add(new EventSnapshot
    {
        At = events.Now,
        Id = id.Id,
        Level = level.ToString(),
        Name = id.Name ?? "",
        Target = target,
        Message = exception is null ? text : $"{text} {AddressText.WithoutUserInfo(exception.Message)}",
    });
}
