using Microsoft.Extensions.Logging;

namespace PooledClients.TestBed.Logs;

/// <summary>One line of the log.</summary>
internal sealed record LogEntry(LogLevel Level, string Category, EventId Event, string Message, Exception? Exception)
{
    public override string ToString() => $"{Level} {Category}[{Event.Id}] {Message}{(Exception is null ? "" : " | " + Exception.Message)}";
}
