using System.Diagnostics;

namespace PooledClients.Scenarios.Measuring;

/// <summary>Counts the calls of a load as they end.</summary>
internal sealed class CallMeter
{
    private readonly LatencyHistogram _latencies = new();
    private long _started = Stopwatch.GetTimestamp();
    private long _succeeded;
    private long _failed;
    private long _ended;
    private string? _firstError;

    public long Succeeded => Volatile.Read(ref _succeeded);

    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Gets when calls ended, for the loads that are asked when they failed.</summary>
    public Timeline Timeline { get; } = new();

    public void RecordSuccess(long started)
    {
        _latencies.Record(Stopwatch.GetElapsedTime(started));
        Interlocked.Increment(ref _succeeded);
        Timeline.Record(succeeded: true);
    }

    public void RecordFailure(Exception error)
    {
        Interlocked.Increment(ref _failed);
        Timeline.Record(succeeded: false);
        if (Volatile.Read(ref _firstError) is null)
        {
            Interlocked.CompareExchange(ref _firstError, ErrorText.Of(error), null);
        }
    }

    /// <summary>Starts the clock anew, while nothing has been counted: setting clients up is no part of the rate.</summary>
    public void Start()
    {
        if (Succeeded + Failed == 0)
        {
            Volatile.Write(ref _started, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>Stops the clock: what follows is no part of the rate.</summary>
    public void Stop() => Volatile.Write(ref _ended, Stopwatch.GetTimestamp());

    public CallCounts Read()
    {
        var ended = Volatile.Read(ref _ended);
        var elapsed = Stopwatch.GetElapsedTime(Volatile.Read(ref _started), ended == 0 ? Stopwatch.GetTimestamp() : ended);
        return new CallCounts(
            Succeeded,
            Failed,
            Math.Round(elapsed.TotalSeconds, 2),
            _latencies.Percentile(0.5),
            _latencies.Percentile(0.99),
            Volatile.Read(ref _firstError));
    }
}
