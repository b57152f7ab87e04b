using Microsoft.Extensions.Logging;

namespace PooledClients.Grpc;

/// <summary>
/// The channel's loggers, which say no at one level: while Critical is enabled, and with any provider it is, Grpc.Net.Client starts an
/// activity for each call that nobody listens to. It takes 1.7 KB a call, and stands in the traces as a parent that is never exported.
/// The channel logs nothing at that level; whoever listens to its diagnostics gets his activities as ever.
/// </summary>
internal sealed class ChannelLoggerFactory(ILoggerFactory inner) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new ChannelLogger(inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    // The container owns the factory.
    public void Dispose()
    {
    }

    private sealed class ChannelLogger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.Critical && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => inner.Log(logLevel, eventId, state, exception, formatter);
    }
}
