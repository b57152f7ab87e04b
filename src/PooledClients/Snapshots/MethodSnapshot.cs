namespace PooledClients;

/// <summary>The calls of one method by one gRPC client. They are counted always, whoever listens to metrics.</summary>
/// <remarks>
/// A unary call counts as answered when the headers of its response are there, a stream as well: how long a stream goes on after that is
/// its caller's choice. A call counts once, however many attempts or hedges it takes.
/// </remarks>
public sealed class MethodSnapshot
{
    /// <summary>Gets the name of the client.</summary>
    public required string Client { get; init; }

    /// <summary>Gets the address that the client calls.</summary>
    public required string Target { get; init; }

    /// <summary>Gets the full name of the method without a leading slash; <c>other</c> for those that are not of the client's contract.</summary>
    public required string Method { get; init; }

    /// <summary>Gets how many calls were begun.</summary>
    public long Started { get; init; }

    /// <summary>Gets how many calls were answered with success, as far as their headers tell.</summary>
    public long Succeeded { get; init; }

    /// <summary>Gets how many calls failed.</summary>
    public long Failed { get; init; }

    /// <summary>Gets the calls that ended by their deadline, by what they were waiting for then: admission, dial, stream, budget, response or retry.</summary>
    public IReadOnlyDictionary<string, long> DeadlinesByPhase { get; init; } = new Dictionary<string, long>();

    /// <summary>Gets how many calls ended a second, over the last two minutes.</summary>
    public double CallsPerSecond { get; init; }

    /// <summary>Gets how many calls failed, of those that ended within the last two minutes.</summary>
    public long FailedLately { get; init; }

    /// <summary>Gets how long half of the calls of the last two minutes took at most; <see langword="null"/> when there were none.</summary>
    public TimeSpan? P50 { get; init; }

    /// <summary>Gets how long 99 of 100 calls of the last two minutes took at most; <see langword="null"/> when there were none.</summary>
    public TimeSpan? P99 { get; init; }

    /// <summary>Gets the calls that ended in each two seconds of the last two minutes, the oldest first.</summary>
    public IReadOnlyList<int> Line { get; init; } = [];

    /// <summary>Gets the calls that failed in each two seconds of the last two minutes, the oldest first.</summary>
    public IReadOnlyList<int> FailedLine { get; init; } = [];

    /// <summary>Gets when the last call was begun.</summary>
    public DateTimeOffset? LastCallAt { get; init; }

    /// <summary>Gets the status and detail of the last failure.</summary>
    public string? LastError { get; init; }

    /// <summary>Gets when the last failure was.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }
}
