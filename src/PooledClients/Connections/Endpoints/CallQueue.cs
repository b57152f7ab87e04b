namespace PooledClients.Connections.Endpoints;

/// <summary>The calls that wait for a stream of one destination, in order. Its destination's lock guards it, but for the count.</summary>
internal sealed class CallQueue
{
    private readonly LinkedList<CallWaiter> _calls = new();
    private volatile int _count;

    /// <summary>How many wait; may be read without the lock.</summary>
    public int Count => _count;

    public void Append(CallWaiter waiter)
    {
        _calls.AddLast(waiter.Node);
        _count = _calls.Count;
    }

    /// <summary>Takes out a call that waits no more; <see langword="false"/> when its wait has ended already.</summary>
    public bool Remove(CallWaiter waiter)
    {
        if (waiter.Node.List is null)
        {
            return false;
        }

        _calls.Remove(waiter.Node);
        _count = _calls.Count;
        return true;
    }

    /// <summary>Grants the first of those that wait its stream, and tells which call that was.</summary>
    public IPendingCall GrantFirst()
    {
        var first = _calls.First!.Value;
        _calls.RemoveFirst();
        _count = _calls.Count;
        first.End(CallOutcome.Granted);
        return first.Call;
    }

    public void EndAll(CallOutcome outcome)
    {
        foreach (var call in _calls)
        {
            call.End(outcome);
        }

        _calls.Clear();
        _count = 0;
    }
}
