namespace PooledClients.Http.Exchanges.Timing;

/// <summary>What ends an exchange whose body is read as a stream, in place of its deadline.</summary>
/// <param name="Deadline">From the exchange's begin; <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
/// <param name="Idle">Without a byte, or a read; <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
internal sealed record StreamLimits(TimeSpan Deadline, TimeSpan Idle)
{
    /// <summary>What a client's options say: a stream that brings nothing for as long as a whole exchange may take is over.</summary>
    public static StreamLimits From(PooledHttpClientOptions options) => new(
        options.StreamingDeadline ?? Timeout.InfiniteTimeSpan,
        options.IdleReadTimeout is null && options.Deadline is { } deadline ? deadline : Timeout.InfiniteTimeSpan);

    /// <summary>The same, and over no later than at another deadline.</summary>
    public StreamLimits NoLaterThan(TimeSpan deadline) =>
        deadline == Timeout.InfiniteTimeSpan || (Deadline != Timeout.InfiniteTimeSpan && Deadline <= deadline) ? this : this with { Deadline = deadline };
}
