namespace PooledClients.Connections.Budget;

/// <summary>One connect that waits for its lease. Continuations run elsewhere, for it is completed under the gate's lock.</summary>
internal sealed class GateWaiter : TaskCompletionSource<ConnectionLease>
{
    public GateWaiter(GateAddress address, long since)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Since = since;
        Address = address;
        Node = new LinkedListNode<GateWaiter>(this);
    }

    public GateAddress Address { get; }

    /// <summary>The timestamp at which the wait began.</summary>
    public long Since { get; }

    /// <summary>The place in the address's queue; in no list once the wait is over.</summary>
    public LinkedListNode<GateWaiter> Node { get; }
}
