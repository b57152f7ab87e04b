namespace PooledClients.Connections;

internal static class TimerExtensions
{
    /// <summary>Makes a timer that fires once and keeps nothing of its maker's execution context alive.</summary>
    public static ITimer CreateUncapturedTimer(this TimeProvider timeProvider, TimerCallback callback, object? state, TimeSpan dueTime)
    {
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            return timeProvider.CreateTimer(callback, state, dueTime, Timeout.InfiniteTimeSpan);
        }
    }
}
