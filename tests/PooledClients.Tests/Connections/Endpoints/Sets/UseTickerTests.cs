using PooledClients.Connections.Endpoints.Sets;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

public sealed class UseTickerTests
{
    [Fact]
    public void Use_WhileItIsBeingStopped_GoesOn()
    {
        var time = new OneTimer();
        using var ticker = new UseTicker(TimeSpan.FromSeconds(1), static () => { }, time);
        ticker.Use();
        time.Stopping = ticker.Use;
        while (time.Stopping is not null)
        {
            time.Tick();
        }

        Assert.Equal(TimeSpan.FromSeconds(1), time.Period);
    }

    /// <summary>A clock of one timer, which is told when that is to be stopped, before it is.</summary>
    private sealed class OneTimer : TimeProvider, ITimer
    {
        private Action? _tick;

        public TimeSpan Period { get; private set; }

        public Action? Stopping { get; set; }

        public void Tick() => _tick!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _tick = () => callback(state);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period == Timeout.InfiniteTimeSpan && Stopping is { } stopping)
            {
                Stopping = null;
                stopping();
            }

            Period = period;
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
