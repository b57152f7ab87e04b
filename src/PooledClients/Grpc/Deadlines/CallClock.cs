namespace PooledClients.Grpc.Deadlines;

/// <summary>
/// The clock of one call whose request may be sent later: the channel writes what is left of the time into the request, and sets its own timer,
/// before call credentials and message handlers have their turn.
/// </summary>
internal sealed class CallClock(TimeProvider time, TimeSpan? whole)
{
    // Grpc.Net.Client rounds what it tells up to three figures.
    private const double MostRounded = 1.01;

    private readonly long _startedAt = time.GetTimestamp();

    /// <summary>That of a call which begins now.</summary>
    public static CallClock Start(TimeProvider time, DateTime? deadline) =>
        new(time, deadline is { } end && end != DateTime.MaxValue ? end - time.GetUtcNow().UtcDateTime : null);

    /// <summary>What is left of the call's time; none where its request tells of a later deadline, which somebody on its way has set.</summary>
    /// <param name="told">The time that the request was given when it was made.</param>
    public TimeSpan? Left(TimeSpan told) => whole is { } all && told <= all * MostRounded ? all - time.GetElapsedTime(_startedAt) : null;

    /// <summary>Whether the call was made before that.</summary>
    public bool HasBegunBefore(long timestamp) => _startedAt < timestamp;
}
