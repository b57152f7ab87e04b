namespace PooledClients.Connections.Budget.Leases;

/// <summary>
/// What one address holds and waits for, within one generation of handlers. All of it belongs to the ledger and is guarded by the gate's
/// lock; a retired generation's leases still count against the process's budget, never against the next one's cap.
/// </summary>
internal sealed class LeaseQueue
{
    public LeaseQueue(ILeaseOwner owner, string address, int cap, string kind)
    {
        Owner = owner;
        Address = address;
        Cap = cap;
        Kind = kind;
        Turn = new LinkedListNode<LeaseQueue>(this);
    }

    /// <summary>Whom its leases tell what becomes of them.</summary>
    public ILeaseOwner Owner { get; }

    public string Address { get; }

    /// <summary>Whose it is: <c>grpc</c> or <c>http</c>.</summary>
    public string Kind { get; }

    /// <summary>The most leases at a time.</summary>
    public int Cap { get; }

    public int InUse { get; set; }

    /// <summary>Leases of connections that only finish the calls they have: none of the cap.</summary>
    public int Draining { get; set; }

    /// <summary>First come, first served.</summary>
    public LinkedList<LeaseWaiter> Waiters { get; } = new();

    /// <summary>The place in the round of addresses; in no list while nobody waits or the cap is reached.</summary>
    public LinkedListNode<LeaseQueue> Turn { get; }

    /// <summary>Whether it waits for the process's budget, and not for its own cap.</summary>
    public bool HasTurn => Turn.List is not null;

    public LeaseQueueState State => new(Address, Cap, InUse + Draining, Waiters.Count, Waiters.First?.Value.Since, Kind, HasTurn);
}
