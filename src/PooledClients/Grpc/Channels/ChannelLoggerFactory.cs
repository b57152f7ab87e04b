using Microsoft.Extensions.Logging;

namespace PooledClients.Grpc.Channels;

/// <summary>
/// The channel's loggers, which say no at one level: while Critical is enabled, and with any provider it is, Grpc.Net.Client starts an
/// activity for each call that nobody listens to. It takes 1.7 KB a call, and stands in the traces as a parent that is never exported.
/// The channel logs nothing at that level; whoever listens to its diagnostics gets his activities as ever. They are also where a message
/// too large is told in better words, for a call that succeeds has nothing of it there.
/// </summary>
internal sealed class ChannelLoggerFactory(ILoggerFactory inner, MessageSizeWords? words = null) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new ChannelLogger(inner.CreateLogger(categoryName), words);

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    // The container owns the factory.
    public void Dispose()
    {
    }

    private sealed class ChannelLogger(ILogger inner, MessageSizeWords? words) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.Critical && (logLevel == LogLevel.Information || inner.IsEnabled(logLevel));

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (inner.IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }

            if (logLevel == LogLevel.Information && words?.Explain(exception) is { } failure)
            {
                throw failure;
            }
        }
    }
}
