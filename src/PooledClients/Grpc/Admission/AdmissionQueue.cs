namespace PooledClients.Grpc.Admission;

/// <summary>Waiters in the order in which they came; one that gives up leaves from anywhere. Its owner's lock guards it.</summary>
internal sealed class AdmissionQueue
{
    private AdmissionWaiter? _head;
    private AdmissionWaiter? _tail;

    public AdmissionWaiter? First => _head;

    public void Append(AdmissionWaiter waiter)
    {
        waiter.IsQueued = true;
        waiter.Previous = _tail;
        if (_tail is null)
        {
            _head = waiter;
        }
        else
        {
            _tail.Next = waiter;
        }

        _tail = waiter;
    }

    public bool Remove(AdmissionWaiter waiter)
    {
        if (!waiter.IsQueued)
        {
            return false;
        }

        if (waiter.Previous is null)
        {
            _head = waiter.Next;
        }
        else
        {
            waiter.Previous.Next = waiter.Next;
        }

        if (waiter.Next is null)
        {
            _tail = waiter.Previous;
        }
        else
        {
            waiter.Next.Previous = waiter.Previous;
        }

        waiter.Next = waiter.Previous = null;
        waiter.IsQueued = false;
        return true;
    }
}
