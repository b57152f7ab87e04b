namespace PooledClients.Connections.Budget.Leases;

/// <summary>The right to one connection, taken before its socket exists and given back when the socket is closed or collected.</summary>
internal sealed class ConnectionLease : IDisposable
{
    private const int Granted = 0;
    private const int Opened = 1;
    private const int Returned = 2;

    private readonly ILeaseOwner _owner;
    private int _state;
    private int _drains;

    internal ConnectionLease(ILeaseOwner owner) => _owner = owner;

    // The last resort for a lease whose owner was lost between the grant and the socket.
    ~ConnectionLease() => Return();

    /// <summary>
    /// Tells that the socket exists, so that the process's own count of descriptors includes it from now on. A lease never told
    /// so counts as a descriptor still to come, which errs on the safe side.
    /// </summary>
    public void MarkOpened()
    {
        if (Interlocked.CompareExchange(ref _state, Opened, Granted) == Granted)
        {
            _owner.Opened();
        }
    }

    /// <summary>It counts no more towards its address's cap, and towards the process's budget still.</summary>
    public void Drain()
    {
        if (Interlocked.Exchange(ref _drains, 1) == 0)
        {
            _owner.Drains();
        }
    }

    public void Dispose()
    {
        Return();
        GC.SuppressFinalize(this);
    }

    private void Return()
    {
        var before = Interlocked.Exchange(ref _state, Returned);
        if (before != Returned)
        {
            _owner.Returned(wasOpened: before == Opened, wasDraining: Interlocked.Exchange(ref _drains, 1) != 0);
        }
    }
}
