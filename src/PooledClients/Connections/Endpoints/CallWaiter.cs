namespace PooledClients.Connections.Endpoints;

/// <summary>One call that waits for a stream.</summary>
internal sealed class CallWaiter
{
    private readonly TaskCompletionSource<CallOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CallWaiter(IPendingCall call)
    {
        Call = call;
        Node = new LinkedListNode<CallWaiter>(this);
    }

    public IPendingCall Call { get; }

    /// <summary>Its place in the queue; in no list once the wait has ended. Guarded by the destination's lock.</summary>
    public LinkedListNode<CallWaiter> Node { get; }

    public Task<CallOutcome> Task => _outcome.Task;

    public void End(CallOutcome outcome) => _outcome.TrySetResult(outcome);
}
