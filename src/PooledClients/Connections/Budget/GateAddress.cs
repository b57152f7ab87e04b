using PooledClients.Connections.Budget.Leases;

namespace PooledClients.Connections.Budget;

/// <summary>The connections of one address within one generation of handlers, as their pool asks the gate for them.</summary>
internal sealed class GateAddress : ILeaseOwner
{
    private readonly ConnectionGate _gate;
    private readonly LeaseQueue _queue;

    internal GateAddress(ConnectionGate gate, string address, int cap, string kind, TimeProvider time)
    {
        _gate = gate;
        Waits = new BudgetWaits(time);
        _queue = new LeaseQueue(this, address, cap, kind);
    }

    public string Address => _queue.Address;

    /// <summary>Whose it is: <c>grpc</c> or <c>http</c>.</summary>
    public string Kind => _queue.Kind;

    /// <summary>What the runtime's dials wait for.</summary>
    public BudgetWaits Waits { get; }

    /// <summary>The connects that wait for room.</summary>
    public int Waiting => _gate.CountWaiting(_queue);

    /// <summary>The most leases at a time.</summary>
    public int Cap => _queue.Cap;

    /// <summary>
    /// Completes when there is room: first come, first served within the address, round robin between addresses. Ends otherwise only
    /// by the token, which the owner of the address cancels when no call waits any more, or by the gate's disposal.
    /// </summary>
    public ValueTask<ConnectionLease> AcquireAsync(CancellationToken cancellationToken) => _gate.AcquireAsync(_queue, cancellationToken);

    /// <summary>Gives room that nobody waits for; <see langword="null"/> where there is none. For connections that no call needs yet.</summary>
    public ConnectionLease? TryAcquire() => _gate.TryAcquire(_queue);

    /// <summary>
    /// The truth for a call that ends while it waits here; <see langword="null"/> when nobody waits here, or when it is the address's
    /// own cap, rather than the process, that keeps its connects waiting.
    /// </summary>
    public ConnectionBudgetException? Explain() => _gate.Explain(_queue);

    void ILeaseOwner.Opened() => _gate.Opened();

    void ILeaseOwner.Drains() => _gate.Drain(_queue);

    void ILeaseOwner.Returned(bool wasOpened, bool wasDraining) => _gate.Release(_queue, wasOpened, wasDraining);
}
