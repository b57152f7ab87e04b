using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Descriptors;

/// <summary>
/// Watches the process's descriptors on a thread of its own, for at the limit the runtime cannot start one: releases the reserve as
/// soon as a probing open fails, takes it back when there is room. That thread does nothing else: what may block or take memory, such as
/// having the budget looked at again, counting and saying so, is the thread pool's, one look at a time.
/// </summary>
internal sealed class DescriptorGuardian(
    DescriptorMeter meter, IOptions<PooledClientsOptions> options, ILogger<DescriptorGuardian> logger) : IThreadPoolWorkItem, IDisposable
{
    private const int StackSize = 256 * 1024;

    // A process that has taken every descriptor dies when its next thread starts: that is the time to win.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly DescriptorReserve _reserve = new(options.Value.Descriptors.Reserve);
    private readonly AutoResetEvent _wake = new(initialState: false);
    private IDescriptorWatch? _watch;
    private Thread? _thread;
    private volatile bool _stopping;
    private volatile int _held;

    // Touched by the looks that were handed on, which come one after another.
    private bool _hasFailed;

    // Set by the watching thread when it hands a look on, cleared when that has ended.
    private int _isHandedOn;

    // How many descriptors the reserve has released since that was last told; less than none where none was.
    private int _released = -1;

    /// <summary>How many spare descriptors are held at the moment.</summary>
    public int Held => _held;

    /// <summary>
    /// Logs on the thread pool. What a logger throws, which may be for want of a descriptor itself, must not end the process that is
    /// being saved.
    /// </summary>
    public static void Say(Action log) => ThreadPool.UnsafeQueueUserWorkItem(
        static log =>
        {
            try
            {
                log();
            }
#pragma warning disable CA1031 // There is nobody left to tell.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        },
        log,
        preferLocal: false);

    /// <summary>Begins to watch, once. Where there is no limit there is nothing to watch.</summary>
    public void Start(IDescriptorWatch watch)
    {
        if (_thread is not null || meter.Read().Limit is null)
        {
            return;
        }

        _watch = watch;
        Preloader.LoadAssemblies();
        watch.Rehearse();
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

    /// <summary>The part of a look that may block: another one comes when this has ended.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            var released = Interlocked.Exchange(ref _released, -1);
            _watch!.Look(released < 0 ? null : released);
            _hasFailed = false;
        }
#pragma warning disable CA1031 // Whatever goes wrong in one look, the next one must come.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // Once for a row of failures: there are a hundred looks a second.
            if (!_hasFailed)
            {
                _hasFailed = true;
                Say(() => logger.DescriptorWatchFailed(e));
            }
        }
        finally
        {
            Volatile.Write(ref _isHandedOn, 0);
        }
    }

    private void Watch()
    {
        while (!_stopping)
        {
            Look();
            if (Interlocked.Exchange(ref _isHandedOn, 1) == 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            }

            _wake.WaitOne(Interval);
        }
    }

    private void Look()
    {
        if (IsExhausted())
        {
            var released = _reserve.Release();
            Interlocked.CompareExchange(ref _released, released, -1);
        }
        else if (_reserve.Held < _reserve.Size && HasRoomForReserve(meter.Read()))
        {
            _reserve.Take();
        }

        _held = _reserve.Held;
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
