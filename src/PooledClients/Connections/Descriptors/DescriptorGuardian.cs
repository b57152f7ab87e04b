using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections.Budget;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Descriptors;

/// <summary>
/// Watches the process's descriptors on a thread of its own, for at the limit the runtime cannot start one: releases the reserve as
/// soon as a probing open fails, takes it back when there is room, and has the gate look again whenever it wakes.
/// </summary>
internal sealed class DescriptorGuardian(
    DescriptorMeter meter, IOptions<PooledClientsOptions> options, PooledClientsMetrics metrics, ILogger<DescriptorGuardian> logger) : IDisposable
{
    private const int StackSize = 256 * 1024;

    // A process that has taken every descriptor dies when its next thread starts: that is the time to win.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly DescriptorReserve _reserve = new(options.Value.Descriptors.Reserve);
    private readonly DescriptorAlarm _alarm = new(metrics, logger);
    private readonly AutoResetEvent _wake = new(initialState: false);
    private ConnectionGate? _gate;
    private Thread? _thread;
    private volatile bool _stopping;
    private volatile int _held;

    /// <summary>How many spare descriptors are held at the moment.</summary>
    public int Held => _held;

    /// <summary>Begins to watch, once. Where there is no limit there is nothing to watch.</summary>
    public void Start(ConnectionGate gate)
    {
        if (_thread is not null || meter.Read().Limit is null)
        {
            return;
        }

        _gate = gate;
        Preloader.LoadAssemblies();
        _alarm.Rehearse();
        _reserve.Take();
        _held = _reserve.Held;
        _thread = new Thread(Watch, StackSize) { IsBackground = true, Name = "PooledClients descriptors" };
        _thread.UnsafeStart();
    }

    /// <summary>For who has just met the limit, to have the reserve released now.</summary>
    public void Wake() => _wake.Set();

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread?.Join();
        _wake.Dispose();
        _reserve.Dispose();
    }

    private void Watch()
    {
        while (!_stopping)
        {
            try
            {
                Look();
            }
#pragma warning disable CA1031 // Whatever goes wrong in one look, the next one must come.
            catch (Exception e)
#pragma warning restore CA1031
            {
                DescriptorAlarm.Say(() => logger.DescriptorWatchFailed(e));
            }

            _wake.WaitOne(Interval);
        }
    }

    private void Look()
    {
        int? released = IsExhausted() ? _reserve.Release() : null;
        _held = _reserve.Held;

        var reading = _gate!.Observe();
        if (_reserve.Held < _reserve.Size && HasRoomForReserve(reading))
        {
            _reserve.Take();
            _held = _reserve.Held;
        }

        _alarm.Look(reading, released, _gate);
    }

    // With the reserve released there are some descriptors, so only an open that fails for want of one tells.
    private static bool IsExhausted()
    {
        var descriptor = Posix.OpenNull(out var outOfDescriptors);
        if (descriptor >= 0)
        {
            Posix.CloseDescriptor(descriptor);
        }

        return outOfDescriptors;
    }

    private bool HasRoomForReserve(DescriptorReading reading) =>
        reading.Limit is int limit && reading.Open + _reserve.Size <= DescriptorLimits.HighWaterMark(limit);
}
