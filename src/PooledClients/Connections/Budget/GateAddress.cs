namespace PooledClients.Connections.Budget;

/// <summary>
/// The queue in front of the connections of one address within one handler generation. All state belongs to the gate and is
/// guarded by its lock; a retired generation's leases still count against the process's budget, never against the next one's cap.
/// </summary>
internal sealed class GateAddress
{
    internal GateAddress(ConnectionGate gate, string address, int cap, string kind)
    {
        Kind = kind;
        Gate = gate;
        Address = address;
        Cap = cap;
        Turn = new LinkedListNode<GateAddress>(this);
    }

    public string Address { get; }

    /// <summary>Whose it is: <c>grpc</c> or <c>http</c>.</summary>
    public string Kind { get; }

    /// <summary>The most leases at a time.</summary>
    public int Cap { get; }

    internal ConnectionGate Gate { get; }

    internal int InUse { get; set; }

    /// <summary>Leases of connections that only finish the calls they have: none of the cap.</summary>
    internal int Draining { get; set; }

    /// <summary>First come, first served.</summary>
    internal LinkedList<GateWaiter> Waiters { get; } = new();

    /// <summary>The place in the gate's round of addresses; in no list while nobody waits or the cap is reached.</summary>
    internal LinkedListNode<GateAddress> Turn { get; }

    /// <summary>
    /// Completes when there is room: first come, first served within the address, round robin between addresses. Ends otherwise only
    /// by the token, which the owner of the address cancels when no call waits any more, or by the gate's disposal.
    /// </summary>
    public ValueTask<ConnectionLease> AcquireAsync(CancellationToken cancellationToken) => Gate.AcquireAsync(this, cancellationToken);

    /// <summary>
    /// The truth for a call that ends while it waits here; <see langword="null"/> when nobody waits here, or when it is the address's
    /// own cap, rather than the process, that keeps its connects waiting.
    /// </summary>
    public ConnectionBudgetException? Explain() => Gate.Explain(this);
}
