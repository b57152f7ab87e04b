using System.Net;

namespace PooledClients.Connections.Dialing;

/// <summary>A handshake with one of the addresses of a name.</summary>
internal sealed class AddressTrial(AddressMemory memory, IPEndPoint address, IReadOnlyList<IPAddress> all, Action late)
{
    // Nothing is told twice, and nothing of a handshake that has ended.
    private int _isOver;
    private int _isLate;

    /// <summary>It takes long: the next dial goes elsewhere, and begins now where calls wait.</summary>
    public void Late()
    {
        if (Volatile.Read(ref _isOver) == 0 && Interlocked.Exchange(ref _isLate, 1) == 0)
        {
            memory.Failed(address);
            if (all.Any(other => !memory.HasFailed(new IPEndPoint(other, address.Port))))
            {
                late();
            }
        }
    }

    public void Succeed()
    {
        Volatile.Write(ref _isOver, 1);
        memory.Succeeded(address);
    }

    /// <summary>It is ended for a reason that is not the address's.</summary>
    public void Abandon() => Volatile.Write(ref _isOver, 1);

    /// <summary>It has ended, badly if it did not succeed before.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            memory.Failed(address);
        }
    }
}
