using Grpc.Core;
using PooledClients.Diagnostics.Events;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Grpc.Telemetry;

/// <summary>The calls of one method by one channel: counted always, and measured where somebody listens.</summary>
internal sealed class MethodCalls : CallObserver
{
    private static readonly string[] PhaseNames = ["admission", "dial", "stream", "budget", "response", "retry", "before"];

    private readonly TimeProvider _time;

    // Counted by interlocked operations.
    private readonly long[] _deadlines = new long[PhaseNames.Length];
    private long _started;
    private long _succeeded;
    private long _failed;
    private long _lastCallAt;
    private volatile LastFailure? _lastFailure;

    public MethodCalls(string client, string target, string name, CallMetrics metrics, TimeProvider time)
    {
        Client = client;
        Target = target;
        Metrics = metrics;
        Name = name;
        _time = time;
        Window = new CallWindow(time);
        Callers = new StreamCallers(time);
        MethodTag = new("grpc.method", name);
        TargetTag = new("grpc.target", target);
    }

    public override MethodCalls Method => this;

    /// <summary>The name of the client.</summary>
    public string Client { get; }

    /// <summary>The address that it calls.</summary>
    public string Target { get; }

    public CallMetrics Metrics { get; }

    public TimeProvider Time => _time;

    /// <summary>The full name without a leading slash, or <c>other</c>.</summary>
    public string Name { get; }

    public CallWindow Window { get; }

    /// <summary>Who makes them, where they are streams.</summary>
    public StreamCallers Callers { get; }

    public KeyValuePair<string, object?> MethodTag { get; }

    public KeyValuePair<string, object?> TargetTag { get; }

    public long Started => Volatile.Read(ref _started);

    public long Succeeded => Volatile.Read(ref _succeeded);

    public long Failed => Volatile.Read(ref _failed);

    public DateTimeOffset? LastCallAt => Volatile.Read(ref _lastCallAt) is var ticks and > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    public LastFailure? LatestFailure => _lastFailure;

    public static string NameOf(WaitPhase phase) => PhaseNames[(int)phase];

    /// <summary>A call begins.</summary>
    public void Begins()
    {
        Interlocked.Increment(ref _started);
        Volatile.Write(ref _lastCallAt, _time.GetUtcNow().UtcTicks);
    }

    /// <summary>A call has been answered, or has failed.</summary>
    /// <param name="status">How, as far as is known: a unary call is done when its headers are there.</param>
    /// <param name="detail">What a failure says.</param>
    /// <param name="duration">How long it took.</param>
    public void Ends(StatusCode status, string? detail, TimeSpan duration)
    {
        var failed = status != StatusCode.OK;
        Window.Add(duration, failed);
        if (failed)
        {
            Interlocked.Increment(ref _failed);
            _lastFailure = new LastFailure(_time.GetUtcNow(), string.IsNullOrEmpty(detail) ? status.ToString() : $"{status}: {AddressText.WithoutUserInfo(detail)}");
        }
        else
        {
            Interlocked.Increment(ref _succeeded);
        }
    }

    /// <summary>A call is not even made, for the deadline that it inherits has passed.</summary>
    public void Refused(string detail)
    {
        Begins();
        Ends(StatusCode.DeadlineExceeded, detail, TimeSpan.Zero);
        DeadlineExceeded(WaitPhase.Before);
    }

    // Deadlines are counted whoever listens, so a stream that has one tells of its end.
    public override Action<StatusCode?>? StreamBegins(HttpResponseMessage response, TimeSpan? remaining)
    {
        if (remaining is null)
        {
            return null;
        }

        var since = _time.GetTimestamp();
        return _ => EndOf(response, _time.GetElapsedTime(since), remaining);
    }

    public override void DeadlineExceeded(WaitPhase phase)
    {
        Interlocked.Increment(ref _deadlines[(int)phase]);
        if (Metrics.DeadlinesExceeded is { Enabled: true } counter)
        {
            counter.Add(1, TargetTag, new KeyValuePair<string, object?>("pooledclients.phase", NameOf(phase)));
        }
    }

    public void RecordWait(WaitPhase phase, TimeSpan duration)
    {
        if (Metrics.Waits is { Enabled: true } waits)
        {
            waits.Record(duration.TotalSeconds, TargetTag, new KeyValuePair<string, object?>("pooledclients.phase", NameOf(phase)));
        }

        if (WaitEvent.IsWanted)
        {
            WaitEvent.Add(NameOf(phase), duration);
        }
    }

    public IReadOnlyDictionary<string, long> DeadlinesByPhase()
    {
        var phases = new Dictionary<string, long>();
        for (var i = 0; i < _deadlines.Length; i++)
        {
            if (Volatile.Read(ref _deadlines[i]) is var count and > 0)
            {
                phases[PhaseNames[i]] = count;
            }
        }

        return phases;
    }

    /// <summary>The last call that failed.</summary>
    internal sealed record LastFailure(DateTimeOffset At, string What);
}
