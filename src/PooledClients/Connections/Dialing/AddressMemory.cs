using System.Collections.Concurrent;
using System.Net;

namespace PooledClients.Connections.Dialing;

/// <summary>
/// Which addresses have let a handshake come to nothing, or to no end in time: of the addresses of a name they are dialed last. Connecting
/// tells nothing of them: the kernel of a server that is frozen accepts connections for it.
/// </summary>
internal sealed class AddressMemory(TimeProvider timeProvider)
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    // Few: an address is in it from its failure to its next success, or for as long as it is kept.
    private readonly ConcurrentDictionary<IPEndPoint, long> _failedAt = new();

    /// <summary>Those that have not failed first, in their own order, then those whose failure is longest ago.</summary>
    public IReadOnlyList<IPAddress> Order(IReadOnlyList<IPAddress> addresses, int port)
    {
        foreach (var (address, failedAt) in _failedAt)
        {
            if (timeProvider.GetElapsedTime(failedAt) > Kept)
            {
                _failedAt.TryRemove(new(address, failedAt));
            }
        }

        return _failedAt.IsEmpty || addresses.Count == 1 ? addresses : [.. addresses.OrderBy(address => _failedAt.GetValueOrDefault(new(address, port), long.MinValue))];
    }

    /// <summary>A handshake begins with one of a name's addresses.</summary>
    /// <param name="address">The address.</param>
    /// <param name="others">All addresses of the name.</param>
    /// <param name="late">Called when it takes long and another address has not failed.</param>
    public AddressTrial Try(IPEndPoint address, IReadOnlyList<IPAddress> others, Action late) => new(this, address, others, late);

    public void Failed(IPEndPoint address) => _failedAt[address] = timeProvider.GetTimestamp();

    public void Succeeded(IPEndPoint address) => _failedAt.TryRemove(address, out _);

    public bool HasFailed(IPEndPoint address) => _failedAt.ContainsKey(address);
}
