using System.Collections.Concurrent;
using System.Diagnostics;

namespace PooledClients.TestBed.Waiting;

/// <summary>
/// When a timer of this process was late, for whatever reason: other processes, collections, a crowded pool. What depends on a timer
/// cannot be sooner, and is judged by the rest.
/// </summary>
internal sealed class Stalls : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(5);

    // Timers of whole milliseconds are late by that at any time.
    private static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrentQueue<(long Due, long Came)> _stalls = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _beats;

    public Stalls() => _beats = BeatAsync();

    /// <summary>How much of the time between two of <see cref="Stopwatch"/>'s timestamps a beat was due and had not come; whole once disposed.</summary>
    public TimeSpan Between(long from, long to) =>
        new(_stalls.Sum(stall => Math.Max(0, Stopwatch.GetElapsedTime(Math.Max(stall.Due, from), Math.Min(stall.Came, to)).Ticks)));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _beats;
    }

    private async Task BeatAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var due = Stopwatch.GetTimestamp() + (long)(Beat.TotalSeconds * Stopwatch.Frequency);
            await Task.Delay(Beat, CancellationToken.None);
            var came = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(due, came) > Noise)
            {
                _stalls.Enqueue((due, came));
            }
        }
    }
}
