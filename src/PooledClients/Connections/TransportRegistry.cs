using System.Collections.Concurrent;

namespace PooledClients.Connections;

/// <summary>Makes one transport a key, exactly once whatever the race, and closes them all with the container.</summary>
internal sealed class TransportRegistry(TransportServices services) : IDisposable
{
    private readonly ConcurrentDictionary<TransportKey, Lazy<Transport>> _transports = new();

    // Set before the dictionary is swept; a transport that was made meanwhile is disposed by the one who made it.
    private volatile bool _disposed;

    public IEnumerable<Transport> Transports => _transports.Values.Where(static transport => transport.IsValueCreated).Select(static transport => transport.Value);

    /// <summary>Calls in flight on any transport.</summary>
    public int InFlight => Transports.Sum(static transport => transport.InFlight);

    /// <param name="key">What the transport is for.</param>
    /// <param name="configure">The key's owner's adjustments of each handler; empty where it has no owner.</param>
    public Transport GetOrAdd(TransportKey key, IReadOnlyList<Action<SocketsHttpHandler>>? configure = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(IGrpcChannelPool));
        var transport = _transports.GetOrMake(
            key, static (key, state) => new Transport(key, state.configure ?? [], state.services), (services, configure));
        if (_disposed)
        {
            transport.Dispose();
        }

        return transport;
    }

    /// <summary>Forgets a transport that was retired and has nothing left, or is to close with its last request.</summary>
    public void Remove(Transport transport) => _transports.TryRemove(transport.Key, out _);

    /// <summary>Connections that are up on any transport.</summary>
    public int Up => Transports.Sum(static transport => transport.Up);

    /// <summary>Takes no request any more; what is still read may come to its end.</summary>
    public void Retire()
    {
        _disposed = true;
        foreach (var transport in Transports)
        {
            transport.Retire();
        }
    }

    /// <summary>Closes everything at once, for the time to drain is over.</summary>
    public void CloseAll()
    {
        Retire();
        foreach (var transport in Transports)
        {
            transport.CloseAll();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var transport in Transports)
        {
            transport.Dispose();
        }
    }
}
