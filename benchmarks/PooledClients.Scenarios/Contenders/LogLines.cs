using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PooledClients.Scenarios.Contenders;

/// <summary>Keeps the warnings and errors that are logged.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private const int MaxLines = 1000;
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel) && _lines.Count < MaxLines)
        {
            _lines.Enqueue(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }
}
