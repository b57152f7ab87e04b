using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Grpc.Admission;

/// <summary>Tells of calls that wait behind the limit for long, while they do: looks once a second as long as any waits.</summary>
internal sealed class AdmissionAlarm(CallAdmission admission, string address, TimeProvider timeProvider, ILogger logger) : IDisposable
{
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    // Written under _lock; read without by each wait that begins.
    private volatile bool _isSet;
    private ITimer? _timer;
    private bool _isDisposed;

    /// <summary>A wait has begun, and counts among those that wait.</summary>
    public void Set()
    {
        if (!_isSet)
        {
            Restart(isNeeded: true);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }

    private void Look()
    {
        if (admission.OldestWait is { } oldest && oldest >= LongWait)
        {
            logger.CallsWaitForAdmission(address, admission.Limit, oldest.TotalSeconds, admission.Waiting);
        }

        // Before the look at who waits: who begins to wait after that look finds the alarm unset.
        Restart(isNeeded: false);
        Interlocked.MemoryBarrier();
        if (admission.Waiting > 0)
        {
            Set();
        }
    }

    private void Restart(bool isNeeded)
    {
        lock (_lock)
        {
            if (_isDisposed || (isNeeded && _isSet))
            {
                return;
            }

            _timer?.Dispose();
            _timer = isNeeded ? timeProvider.CreateUncapturedTimer(static alarm => ((AdmissionAlarm)alarm!).Look(), this, LongWait) : null;
            _isSet = isNeeded;
        }
    }
}
