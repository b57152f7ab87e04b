using Microsoft.Extensions.Logging;
using PooledClients.Connections.CallSites;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Streams;

/// <summary>
/// The streaming calls of one transport that have not ended. A caller that neither reads to the end nor disposes keeps a stream of a
/// connection for good, so one that nobody reads is warned of.
/// </summary>
internal sealed class OpenStreams(string address, TimeProvider timeProvider, ILogger logger) : IDisposable
{
    private static readonly TimeSpan HeldWarning = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();

    // Guarded by _lock. A call leaves when its stream ends, is disposed or is collected; the timer runs while there is any.
    private readonly HashSet<OpenStream> _streams = [];
    private ITimer? _timer;
    private bool _disposed;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _streams.Count;
            }
        }
    }

    /// <summary>Counts its streams among those of all transports.</summary>
    public void ReportTo(GrpcMetrics metrics) =>
        metrics.ObserveStreams(() => Snapshot().Where(static stream => stream.Client is not null).Select(stream => (stream.Client!, AgeOf(stream))));

    public OpenStream Add(string method, Action? ended, MethodCalls? calls, string? callSite)
    {
        var stream = new OpenStream(this, method, timeProvider.GetTimestamp(), ended, calls, callSite);
        lock (_lock)
        {
            _streams.Add(stream);
            if (_timer is null && !_disposed)
            {
                _timer = timeProvider.CreateUncapturedTimer(static streams => ((OpenStreams)streams!).WarnOfHeld(), this, Look);
            }
        }

        return stream;
    }

    public IReadOnlyList<OpenStream> Snapshot()
    {
        lock (_lock)
        {
            return [.. _streams];
        }
    }

    public TimeSpan AgeOf(OpenStream stream) => timeProvider.GetElapsedTime(stream.OpenedAt);

    /// <summary>For how long nobody has read it; none while somebody does.</summary>
    public TimeSpan? UnreadFor(OpenStream stream) => stream.IdleSince is { } since ? timeProvider.GetElapsedTime(since) : null;

    public long Now() => timeProvider.GetTimestamp();

    public void Remove(OpenStream stream)
    {
        lock (_lock)
        {
            _streams.Remove(stream);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void WarnOfHeld()
    {
        foreach (var stream in Snapshot())
        {
            if (!stream.IsWarned && stream.IdleSince is { } since && timeProvider.GetElapsedTime(since) >= HeldWarning)
            {
                stream.IsWarned = true;
                stream.Calls?.Callers.MarkLeaked();
                logger.StreamHeld(stream.Method, address, AgeOf(stream).TotalSeconds, CallSiteSampler.Describe(stream.CallSite, stream.Calls?.Callers, "method"));
            }
        }

        lock (_lock)
        {
            _timer?.Dispose();
            _timer = _streams.Count == 0 || _disposed
                ? null
                : timeProvider.CreateUncapturedTimer(static streams => ((OpenStreams)streams!).WarnOfHeld(), this, Look);
        }
    }
}
