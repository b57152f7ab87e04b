using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace PooledClients.Tests.Grpc;

/// <summary>Fake time that tells of every timer that is set, so that a test knows when to go on.</summary>
internal sealed class TimerProvider(DateTimeOffset now) : FakeTimeProvider(now)
{
    public Channel<TimeSpan> Timers { get; } = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero)
        {
            Timers.Writer.TryWrite(dueTime);
        }

        return timer;
    }
}
