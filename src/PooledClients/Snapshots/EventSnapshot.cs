namespace PooledClients;

/// <summary>Something that happened to a connection, an address, a certificate or a response: a line of the library's log, kept whatever the log's filters.</summary>
public sealed class EventSnapshot
{
    /// <summary>Gets when it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Gets the id of the log line; docs/diagnostics.md lists them.</summary>
    public required int Id { get; init; }

    /// <summary>Gets the level of the log line: Debug, Information, Warning or Error.</summary>
    public required string Level { get; init; }

    /// <summary>Gets the name of the log line.</summary>
    public required string Name { get; init; }

    /// <summary>Gets what it happened to: an address, a client, a path; <see langword="null"/> where it is the process.</summary>
    public string? Target { get; init; }

    /// <summary>Gets the line. There is no secret in it.</summary>
    public required string Message { get; init; }
}
