namespace PooledClients.Connections.Budget.Leases;

/// <summary>One connect that waits for its lease. Continuations run elsewhere, for it is completed under the gate's lock.</summary>
internal sealed class LeaseWaiter : TaskCompletionSource<ConnectionLease>
{
    public LeaseWaiter(LeaseQueue queue, long since)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Since = since;
        Queue = queue;
        Node = new LinkedListNode<LeaseWaiter>(this);
    }

    public LeaseQueue Queue { get; }

    /// <summary>The timestamp at which the wait began.</summary>
    public long Since { get; }

    /// <summary>The place in the queue; in no list once the wait is over.</summary>
    public LinkedListNode<LeaseWaiter> Node { get; }

    public bool IsWaiting => Node.List is not null;
}
