namespace PooledClients.Connections.Endpoints;

/// <summary>
/// Those who wait for a <typeparamref name="T"/>, first come, first served. The owner's lock guards everything but <see cref="Count"/>;
/// of a grant and a waiter's own end of waiting exactly one wins, for both take the waiter out of the queue.
/// </summary>
internal sealed class WaitQueue<T>
{
    private readonly LinkedList<Waiter> _waiters = new();
    private volatile int _count;

    /// <summary>How many wait; may be read without the lock.</summary>
    public int Count => _count;

    public Waiter Append()
    {
        var waiter = new Waiter();
        _waiters.AddLast(waiter.Node);
        _count = _waiters.Count;
        return waiter;
    }

    /// <summary>Takes out one that waits no more; <see langword="false"/> when its wait has ended already.</summary>
    public bool Remove(Waiter waiter)
    {
        if (waiter.Node.List is null)
        {
            return false;
        }

        _waiters.Remove(waiter.Node);
        _count = _waiters.Count;
        return true;
    }

    public void GrantFirst(T value)
    {
        var first = _waiters.First!.Value;
        Remove(first);
        first.End(value);
    }

    public void EndAll(T value)
    {
        while (_waiters.Count > 0)
        {
            GrantFirst(value);
        }
    }

    /// <summary>One place in the queue. Its continuation runs elsewhere, not under the owner's lock.</summary>
    internal sealed class Waiter
    {
        private readonly TaskCompletionSource<T> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Waiter() => Node = new LinkedListNode<Waiter>(this);

        public LinkedListNode<Waiter> Node { get; }

        public Task<T> Task => _end.Task;

        public void End(T value) => _end.TrySetResult(value);
    }
}
