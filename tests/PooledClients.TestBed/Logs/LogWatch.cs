using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PooledClients.TestBed.Logs;

/// <summary>
/// Collects what clients log. A warning or an error that the test has not allowed fails it, for the log is a part of what a user
/// gets.
/// </summary>
internal sealed class LogWatch : ILoggerProvider
{
    // What tells of a fault of the network or the server, which a test makes on purpose.
    private static readonly int[] Faults = [513, 517, 518, 519];

    private readonly ConcurrentQueue<LogEntry> _entries = new();
    private readonly ConcurrentQueue<Func<LogEntry, bool>> _allowed = new();

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    /// <summary>Allows warnings and errors whose message contains <paramref name="text"/>.</summary>
    public void Allow(string text) => Allow(entry => entry.Message.Contains(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>Allows the warnings and errors that match.</summary>
    public void Allow(Func<LogEntry, bool> match) => _allowed.Enqueue(match);

    /// <summary>Fails the test if there was a warning or an error that nobody allowed.</summary>
    public void AssertClean()
    {
        var unexpected = _entries.Where(entry => entry.Level >= LogLevel.Warning && !Faults.Contains(entry.Event.Id) && !_allowed.Any(match => match(entry))).ToArray();
        Assert.True(unexpected.Length == 0, "Unexpected in the log:\n" + string.Join('\n', unexpected.AsEnumerable()));
    }

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _entries);

    public void Dispose()
    {
        // The container disposes its providers; what was collected is asked for afterwards.
    }

    private sealed class Logger(string category, ConcurrentQueue<LogEntry> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.Enqueue(new LogEntry(logLevel, category, eventId, formatter(state, exception), exception));
    }
}
