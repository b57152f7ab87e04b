using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Budget;

/// <summary>
/// Every connection of every pooled client passes here before its socket exists. It keeps them within the process's budget, within
/// each address's cap, and, whoever else takes descriptors, below the process's high-water mark. Over a limit, connects wait.
/// </summary>
internal sealed class ConnectionGate : IDisposable
{
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly DescriptorMeter _meter;
    private readonly TimeProvider _timeProvider;
    private readonly PooledClientsMetrics _metrics;
    private readonly PoolReclaimer _reclaimer;
    private readonly DescriptorGuardian? _guardian;
    private readonly IPressureRelief? _relief;
    private readonly ILogger? _logger;

    // Addresses below their own cap with somebody waiting, the next to be served first. It holds one only while the process as a
    // whole is short of room.
    private readonly LinkedList<GateAddress> _turns = new();
    private readonly HashSet<GateAddress> _active = [];
    private DescriptorReading _reading;
    private int _inUse;
    private int _unopened;
    private bool _disposed;

    // How many more sockets fit below the high-water mark: kept up to date between two readings of the meter.
    private int _room = int.MaxValue;

    // Whether somebody waits whom a connection that goes would serve.
    private volatile bool _starved;

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
        _logger = logger;
        _relief = relief;
        _meter = meter;
        _timeProvider = timeProvider;
        _metrics = metrics;
        _reclaimer = new PoolReclaimer(this, timeProvider, metrics);
        Apply(meter.Read());
        Budget = options.Value.Descriptors.MaxConnections ?? DescriptorLimits.DefaultBudget(_reading.Limit);
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
    public int InUse => Volatile.Read(ref _inUse);

    public GateAddress CreateAddress(string address, int cap, string kind = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        return new GateAddress(this, address, cap, kind);
    }

    public void AddReclaimable(IReclaimable pool) => _reclaimer.Add(pool);

    public void RemoveReclaimable(IReclaimable pool) => _reclaimer.Remove(pool);

    /// <summary>
    /// For a pool to call when its last request has ended, under no lock of its own: while others wait for what it holds, its idle
    /// connections are closed at once. Otherwise it costs one volatile read.
    /// </summary>
    public void NotifyIdle(IReclaimable pool)
    {
        if (_starved)
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
            Apply(reading);
            Grant();
        }

        _reclaimer.Run();
        return reading;
    }

    public GateState Capture()
    {
        lock (_lock)
        {
            return new GateState(_reading, Budget, _inUse, [.. _active.Select(a => new GateAddressState(a.Address, a.Cap, a.InUse + a.Draining, a.Waiters.Count, a.Waiters.First?.Value.Since, a.Kind))]);
        }
    }

    public void Dispose()
    {
        List<GateWaiter> waiters;
        lock (_lock)
        {
            _disposed = true;
            waiters = [.. _active.SelectMany(a => a.Waiters)];
            foreach (var waiter in waiters)
            {
                Leave(waiter);
            }
        }

        foreach (var waiter in waiters)
        {
            waiter.TrySetException(new ObjectDisposedException(nameof(ConnectionGate)));
        }
    }

    internal ValueTask<ConnectionLease> AcquireAsync(GateAddress address, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ConnectionLease>(cancellationToken);
        }

        var reading = _meter.Read();
        GateWaiter waiter;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Apply(reading);
            waiter = new GateWaiter(address, _timeProvider.GetTimestamp());
            address.Waiters.AddLast(waiter.Node);
            _active.Add(address);
            TakeTurn(address);
            Grant();
        }

        return waiter.Task.IsCompleted ? new ValueTask<ConnectionLease>(waiter.Task) : WaitAsync(waiter, cancellationToken);
    }

    internal void Release(GateAddress address, bool wasOpened, bool wasDraining)
    {
        lock (_lock)
        {
            _inUse--;
            address.InUse -= wasDraining ? 0 : 1;
            address.Draining -= wasDraining ? 1 : 0;
            _room = _room == int.MaxValue ? _room : _room + 1;
            _unopened -= wasOpened ? 0 : 1;
            TakeTurn(address);
            Forget(address);
            Grant();
        }
    }

    internal void Drain(GateAddress address)
    {
        lock (_lock)
        {
            address.InUse--;
            address.Draining++;
            TakeTurn(address);
            Forget(address);
            Grant();
        }
    }

    internal void Opened()
    {
        lock (_lock)
        {
            _unopened--;
        }
    }

    internal GateShortage Shortage()
    {
        lock (_lock)
        {
            return new GateShortage(Math.Max(_turns.Sum(a => Math.Min(a.Waiters.Count, a.Cap - a.InUse)), -_room), IsPressed: _room <= 0);
        }
    }

    internal ConnectionBudgetException? Explain(GateAddress address)
    {
        lock (_lock)
        {
            if (address.Turn.List is null)
            {
                return null;
            }
        }

        _metrics.ConnectionRefused(address.Address);
        return BudgetReport.For(address.Address, Capture());
    }

    private async ValueTask<ConnectionLease> WaitAsync(GateWaiter waiter, CancellationToken cancellationToken)
    {
        _reclaimer.Run();
        _relief?.BeginWait();
        using var alarm = _timeProvider.CreateUncapturedTimer(static state => ((GateWaiter)state!).Address.Gate.TellOfWait((GateWaiter)state), waiter, LongWait);
        try
        {
            // Run inline if the token is cancelled already. One of grant and cancellation takes the waiter from its queue, and wins.
            using (cancellationToken.UnsafeRegister(static (state, token) => ((GateWaiter)state!).Address.Gate.Cancel((GateWaiter)state, token), waiter))
            {
                return await waiter.Task.ConfigureAwait(false);
            }
        }
        finally
        {
            _relief?.EndWait();
            _metrics.ConnectionWaited(waiter.Address.Address, _timeProvider.GetElapsedTime(waiter.Since));
        }
    }

    // On a timer's thread. Who waits for its own address's cap alone is no fault of the budget.
    private void TellOfWait(GateWaiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null || waiter.Address.Turn.List is null)
            {
                return;
            }
        }

        var state = Capture();
        _logger?.ConnectWaitsForBudget(
            waiter.Address.Address, LongWait.TotalSeconds, state.InUse, state.Budget, state.Descriptors.Open, state.Descriptors.Limit, BudgetReport.Holders(state.Holders));
    }

    private void Cancel(GateWaiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null)
            {
                return;
            }

            Leave(waiter);
        }

        waiter.TrySetCanceled(cancellationToken);
    }

    // All below is called under the lock.
    private void Apply(DescriptorReading reading)
    {
        // A repeated reading knows nothing of the leases granted since.
        if (reading.Sequence != _reading.Sequence)
        {
            _reading = reading;
            _room = reading.Limit is int limit ? DescriptorLimits.HighWaterMark(limit) - reading.Open - _unopened : int.MaxValue;
        }
    }

    private void Grant()
    {
        while (_inUse < Budget && _room > 0 && _turns.First?.Value is { } address)
        {
            var waiter = address.Waiters.First!.Value;
            address.Waiters.RemoveFirst();
            _turns.RemoveFirst();
            _inUse++;
            address.InUse++;
            _room = _room == int.MaxValue ? _room : _room - 1;
            _unopened++;
            TakeTurn(address);
            waiter.TrySetResult(new ConnectionLease(address));
        }

        _starved = _turns.Count > 0 && _room > 0;
    }

    private void Leave(GateWaiter waiter)
    {
        var address = waiter.Address;
        address.Waiters.Remove(waiter.Node);
        if (address.Waiters.Count == 0 && address.Turn.List is not null)
        {
            _turns.Remove(address.Turn);
            _starved = _turns.Count > 0 && _room > 0;
        }

        Forget(address);
    }

    private void TakeTurn(GateAddress address)
    {
        if (address.Turn.List is null && address.Waiters.Count > 0 && address.InUse < address.Cap)
        {
            _turns.AddLast(address.Turn);
        }
    }

    private void Forget(GateAddress address)
    {
        if (address is { InUse: 0, Draining: 0, Waiters.Count: 0 })
        {
            _active.Remove(address);
        }
    }
}
