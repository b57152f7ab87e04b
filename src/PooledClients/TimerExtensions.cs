namespace PooledClients;

internal static class TimerExtensions
{
    /// <summary>The longest time that a timer can be set to: some seven weeks.</summary>
    public static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <summary>Makes a timer that keeps nothing of its maker's execution context alive. It fires once where no period is given.</summary>
    public static ITimer CreateUncapturedTimer(this TimeProvider timeProvider, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan? period = null)
    {
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            return timeProvider.CreateTimer(callback, state, dueTime, period ?? Timeout.InfiniteTimeSpan);
        }
    }
}
