using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using PooledClients.Connections.Budget.Leases;
using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Budget;

/// <summary>
/// Every connection of every pooled client passes here before its socket exists. It keeps them within the process's budget, within
/// each address's cap, and, whoever else takes descriptors, below the process's high-water mark. Over a limit, connects wait.
/// </summary>
internal sealed class ConnectionGate : IDescriptorWatch, IDisposable
{
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly DescriptorMeter _meter;
    private readonly TimeProvider _timeProvider;
    private readonly PooledClientsMetrics _metrics;
    private readonly PoolReclaimer _reclaimer;
    private readonly DescriptorAlarm _alarm;
    private readonly DescriptorGuardian? _guardian;
    private readonly IPressureRelief? _relief;
    private readonly ILogger _logger;

    // Guarded by _lock.
    private readonly LeaseLedger _ledger;
    private bool _disposed;

    /// <param name="options">The budget.</param>
    /// <param name="meter">Counts the process's descriptors.</param>
    /// <param name="timeProvider">Times the waits.</param>
    /// <param name="metrics">The meter's instruments.</param>
    /// <param name="guardian">Started here; without one nobody but this gate's own callers looks at the descriptors.</param>
    /// <param name="relief">Told while connects wait here; without one nobody is.</param>
    /// <param name="logger">Told of long waits; without one nobody is.</param>
    public ConnectionGate(
        IOptions<PooledClientsOptions> options,
        DescriptorMeter meter,
        TimeProvider timeProvider,
        PooledClientsMetrics metrics,
        DescriptorGuardian? guardian = null,
        IPressureRelief? relief = null,
        ILogger<ConnectionGate>? logger = null)
    {
        _logger = logger ?? (ILogger)NullLogger.Instance;
        _relief = relief;
        _meter = meter;
        _timeProvider = timeProvider;
        _metrics = metrics;
        _reclaimer = new PoolReclaimer(Shortage, timeProvider, metrics);
        _alarm = new DescriptorAlarm(Capture, metrics, _logger);
        var reading = meter.Read();
        Budget = options.Value.Descriptors.MaxConnections ?? DescriptorLimits.DefaultBudget(reading.Limit);
        _ledger = new LeaseLedger(Budget);
        _ledger.Apply(reading);
        metrics.ObserveConnections(
            () => meter.Read().Open,
            () => meter.Read().Limit is int limit ? [new Measurement<int>(limit)] : [],
            () => Budget,
            () => Capture().Addresses.GroupBy(
                a => a.Address, (address, states) => (address, states.Sum(s => s.InUse), states.Sum(s => s.Waiting), states.Max(s => s.Cap))));
        _guardian = guardian;
        guardian?.Start(this);
    }

    /// <summary>The most leases at a time, all addresses together.</summary>
    public int Budget { get; }

    /// <summary>How many leases are in use.</summary>
    public int InUse => _ledger.InUse;

    public GateAddress CreateAddress(string address, int cap, string kind = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        return new GateAddress(this, address, cap, kind, _timeProvider);
    }

    public void AddReclaimable(IReclaimable pool) => _reclaimer.Add(pool);

    public void RemoveReclaimable(IReclaimable pool) => _reclaimer.Remove(pool);

    /// <summary>
    /// For a pool to call when its last request has ended, under no lock of its own: while others wait for what it holds, its idle
    /// connections are closed at once. Otherwise it costs one volatile read.
    /// </summary>
    public void NotifyIdle(IReclaimable pool)
    {
        if (_ledger.IsStarved)
        {
            _reclaimer.TryReclaim(pool);
        }
    }

    /// <summary>For who has just failed for want of a descriptor: the guardian looks at once.</summary>
    public void NotifyExhausted() => _guardian?.Wake();

    /// <summary>Looks at the process's descriptors again: serves those who wait if there is room, else gives back idle connections.</summary>
    public DescriptorReading Observe()
    {
        var reading = _meter.Read();
        lock (_lock)
        {
            _ledger.Apply(reading);
            _ledger.Grant();
        }

        _reclaimer.Run();
        return reading;
    }

    public BudgetState Capture()
    {
        lock (_lock)
        {
            return _ledger.Capture();
        }
    }

    void IDescriptorWatch.Rehearse() => _alarm.Rehearse();

    void IDescriptorWatch.Look(int? released) => _alarm.Look(Observe(), released);

    public void Dispose()
    {
        List<LeaseWaiter> waiters;
        lock (_lock)
        {
            _disposed = true;
            waiters = _ledger.RemoveAll();
        }

        foreach (var waiter in waiters)
        {
            waiter.TrySetException(new ObjectDisposedException(nameof(ConnectionGate)));
        }
    }

    internal ValueTask<ConnectionLease> AcquireAsync(LeaseQueue queue, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ConnectionLease>(cancellationToken);
        }

        var reading = _meter.Read();
        var waiter = new LeaseWaiter(queue, _timeProvider.GetTimestamp());
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _ledger.Apply(reading);
            _ledger.Add(waiter);
        }

        return waiter.Task.IsCompleted ? new ValueTask<ConnectionLease>(waiter.Task) : WaitAsync(waiter, cancellationToken);
    }

    internal int CountWaiting(LeaseQueue queue)
    {
        lock (_lock)
        {
            return queue.Waiters.Count;
        }
    }

    internal ConnectionLease? TryAcquire(LeaseQueue queue)
    {
        var reading = _meter.Read();
        lock (_lock)
        {
            _ledger.Apply(reading);
            return _disposed ? null : _ledger.TryTake(queue);
        }
    }

    internal void Release(LeaseQueue queue, bool wasOpened, bool wasDraining)
    {
        lock (_lock)
        {
            _ledger.Release(queue, wasOpened, wasDraining);
        }
    }

    internal void Drain(LeaseQueue queue)
    {
        lock (_lock)
        {
            _ledger.Drain(queue);
        }
    }

    internal void Opened()
    {
        lock (_lock)
        {
            _ledger.Opened();
        }
    }

    internal ConnectionBudgetException? Explain(LeaseQueue queue)
    {
        lock (_lock)
        {
            if (!queue.HasTurn)
            {
                return null;
            }
        }

        _metrics.ConnectionRefused(queue.Address);
        return BudgetReport.For(queue.Address, Capture());
    }

    private BudgetShortage Shortage()
    {
        lock (_lock)
        {
            return _ledger.Shortage;
        }
    }

    private async ValueTask<ConnectionLease> WaitAsync(LeaseWaiter waiter, CancellationToken cancellationToken)
    {
        _reclaimer.Run();
        _relief?.BeginWait();
        var wait = (Gate: this, Waiter: waiter);
        using var alarm = _timeProvider.CreateUncapturedTimer(static state => TellOfWait(((ConnectionGate, LeaseWaiter))state!), wait, LongWait);
        try
        {
            // Run inline if the token is cancelled already. One of grant and cancellation takes the waiter from its queue, and wins.
            using (cancellationToken.UnsafeRegister(static (state, token) => Cancel(((ConnectionGate, LeaseWaiter))state!, token), wait))
            {
                return await waiter.Task.ConfigureAwait(false);
            }
        }
        finally
        {
            _relief?.EndWait();
            _metrics.ConnectionWaited(waiter.Queue.Address, _timeProvider.GetElapsedTime(waiter.Since));
        }
    }

    // On a timer's thread. Who waits for its own address's cap alone is no fault of the budget.
    private static void TellOfWait((ConnectionGate Gate, LeaseWaiter Waiter) wait)
    {
        lock (wait.Gate._lock)
        {
            if (!wait.Waiter.IsWaiting || !wait.Waiter.Queue.HasTurn)
            {
                return;
            }
        }

        var state = wait.Gate.Capture();
        wait.Gate._logger.ConnectWaitsForBudget(
            wait.Waiter.Queue.Address, LongWait.TotalSeconds, state.InUse, state.Budget, state.Descriptors.Open, state.Descriptors.Limit, BudgetReport.Holders(state.Holders));
    }

    private static void Cancel((ConnectionGate Gate, LeaseWaiter Waiter) wait, CancellationToken cancellationToken)
    {
        lock (wait.Gate._lock)
        {
            if (!wait.Waiter.IsWaiting)
            {
                return;
            }

            wait.Gate._ledger.Remove(wait.Waiter);
        }

        wait.Waiter.TrySetCanceled(cancellationToken);
    }
}
