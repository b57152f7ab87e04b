using PooledClients.Connections.Budget.Leases;
using PooledClients.Connections.Descriptors;

namespace PooledClients.Connections.Budget;

/// <summary>
/// The books of the budget: who holds how many leases, who waits, and whose turn it is. It is not synchronized; the gate calls it under its
/// lock.
/// </summary>
internal sealed class LeaseLedger(int budget)
{
    // Addresses below their own cap with somebody waiting, the next to be served first. It holds one only while the process as a
    // whole is short of room.
    private readonly LinkedList<LeaseQueue> _turns = new();
    private readonly HashSet<LeaseQueue> _active = [];
    private DescriptorReading _reading;
    private int _unopened;
    private int _inUse;

    // How many more sockets fit below the high-water mark: kept up to date between two readings of the meter.
    private int _room = int.MaxValue;
    private volatile bool _isStarved;

    /// <summary>How many leases are in use. It may be read without the lock.</summary>
    public int InUse => Volatile.Read(ref _inUse);

    /// <summary>Whether somebody waits whom a connection that goes would serve. It may be read without the lock.</summary>
    public bool IsStarved => _isStarved;

    public BudgetShortage Shortage => new(Math.Max(_turns.Sum(static queue => Math.Min(queue.Waiters.Count, queue.Cap - queue.InUse)), -_room), IsPressed: _room <= 0);

    public BudgetState Capture() => new(_reading, budget, _inUse, [.. _active.Select(static queue => queue.State)]);

    public void Apply(DescriptorReading reading)
    {
        // A repeated reading knows nothing of the leases granted since.
        if (reading.Sequence != _reading.Sequence)
        {
            _reading = reading;
            _room = reading.Limit is int limit ? DescriptorLimits.HighWaterMark(limit) - reading.Open - _unopened : int.MaxValue;
        }
    }

    public void Add(LeaseWaiter waiter)
    {
        var queue = waiter.Queue;
        queue.Waiters.AddLast(waiter.Node);
        _active.Add(queue);
        TakeTurn(queue);
        Grant();
    }

    /// <summary>Gives room that nobody waits for; <see langword="null"/> where there is none.</summary>
    public ConnectionLease? TryTake(LeaseQueue queue)
    {
        if (_inUse >= budget || _room <= 0 || _turns.Count > 0 || queue.Waiters.Count > 0 || queue.InUse >= queue.Cap)
        {
            return null;
        }

        _active.Add(queue);
        return Take(queue);
    }

    /// <summary>Serves those who wait, as far as there is room.</summary>
    public void Grant()
    {
        while (_inUse < budget && _room > 0 && _turns.First?.Value is { } queue)
        {
            var waiter = queue.Waiters.First!.Value;
            queue.Waiters.RemoveFirst();
            _turns.RemoveFirst();
            var lease = Take(queue);
            TakeTurn(queue);
            waiter.TrySetResult(lease);
        }

        _isStarved = _turns.Count > 0 && _room > 0;
    }

    /// <summary>Ends a wait that nothing was granted to.</summary>
    public void Remove(LeaseWaiter waiter)
    {
        var queue = waiter.Queue;
        queue.Waiters.Remove(waiter.Node);
        if (queue.Waiters.Count == 0 && queue.HasTurn)
        {
            _turns.Remove(queue.Turn);
            _isStarved = _turns.Count > 0 && _room > 0;
        }

        Forget(queue);
    }

    public List<LeaseWaiter> RemoveAll()
    {
        List<LeaseWaiter> waiters = [.. _active.SelectMany(static queue => queue.Waiters)];
        foreach (var waiter in waiters)
        {
            Remove(waiter);
        }

        return waiters;
    }

    public void Opened() => _unopened--;

    public void Drain(LeaseQueue queue)
    {
        queue.InUse--;
        queue.Draining++;
        GoOn(queue);
    }

    public void Release(LeaseQueue queue, bool wasOpened, bool wasDraining)
    {
        _inUse--;
        queue.InUse -= wasDraining ? 0 : 1;
        queue.Draining -= wasDraining ? 1 : 0;
        _room = _room == int.MaxValue ? _room : _room + 1;
        _unopened -= wasOpened ? 0 : 1;
        GoOn(queue);
    }

    private ConnectionLease Take(LeaseQueue queue)
    {
        _inUse++;
        queue.InUse++;
        _room = _room == int.MaxValue ? _room : _room - 1;
        _unopened++;
        return new ConnectionLease(queue.Owner);
    }

    private void GoOn(LeaseQueue queue)
    {
        TakeTurn(queue);
        Forget(queue);
        Grant();
    }

    private void TakeTurn(LeaseQueue queue)
    {
        if (!queue.HasTurn && queue.Waiters.Count > 0 && queue.InUse < queue.Cap)
        {
            _turns.AddLast(queue.Turn);
        }
    }

    private void Forget(LeaseQueue queue)
    {
        if (queue is { InUse: 0, Draining: 0, Waiters.Count: 0 })
        {
            _active.Remove(queue);
        }
    }
}
