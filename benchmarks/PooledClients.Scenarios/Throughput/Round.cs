using System.Diagnostics;
using PooledClients.Scenarios.Measuring;

namespace PooledClients.Scenarios.Throughput;

/// <summary>One turn, in the contender's process. What it adds to each call is the same for every contender.</summary>
internal sealed class Round(RoundSettings settings, Func<Task> call)
{
    private LatencyHistogram _latencies = new();
    private long _calls;
    private long _failed;
    private string? _firstError;
    private volatile bool _ended;

    public async Task<RoundResult> RunAsync()
    {
        var callers = Task.WhenAll(Enumerable.Range(0, settings.Callers).Select(_ => Task.Run(CallAsync)));
        await Task.Delay(TimeSpan.FromSeconds(settings.UncountedSeconds));
        _latencies = new LatencyHistogram();
        var calls = Volatile.Read(ref _calls);
        var bytes = GC.GetTotalAllocatedBytes();
        var cpu = Environment.CpuUsage.TotalTime;
        var started = Stopwatch.GetTimestamp();

        await Task.Delay(TimeSpan.FromSeconds(settings.Seconds));
        calls = Volatile.Read(ref _calls) - calls;
        bytes = GC.GetTotalAllocatedBytes() - bytes;
        cpu = Environment.CpuUsage.TotalTime - cpu;
        var elapsed = Stopwatch.GetElapsedTime(started);
        var latencies = _latencies;
        var p50 = latencies.Percentile(0.5);
        var p99 = latencies.Percentile(0.99);

        _ended = true;
        await callers;
        var counted = Math.Max(calls, 1);
        return new RoundResult(calls, _failed, elapsed.TotalSeconds, p50, p99, cpu.TotalMicroseconds / counted, (double)bytes / counted, _firstError);
    }

    private async Task CallAsync()
    {
        while (!_ended)
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await call();
                _latencies.Record(Stopwatch.GetElapsedTime(started));
                Interlocked.Increment(ref _calls);
            }
            catch (Exception error)
            {
                Interlocked.Increment(ref _failed);
                _firstError ??= ErrorText.Of(error);
            }
        }
    }
}
