using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace PooledClients.TestBed.Servers;

/// <summary>Counts the connections of a server, below and above TLS, and closes them when told.</summary>
internal sealed class ConnectionLog
{
    private readonly ConcurrentDictionary<string, ConnectionContext> _open = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource? _hold;
    private int _accepted;
    private int _handshakes;
    private int _mostOpen;

    /// <summary>Gets how many connections were ever accepted.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Gets how many TLS handshakes were ever completed.</summary>
    public int Handshakes => Volatile.Read(ref _handshakes);

    public int Open => _open.Count;

    public int MostOpen => Volatile.Read(ref _mostOpen);

    /// <summary>Holds connections to come between TCP and TLS, until <see cref="ReleaseHandshakes"/>.</summary>
    public void HoldHandshakes() => _hold ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ReleaseHandshakes() => Interlocked.Exchange(ref _hold, null)?.TrySetResult();

    /// <summary>Ends every open connection the polite way: GOAWAY, calls in flight finish.</summary>
    public void CloseGracefully()
    {
        foreach (var connection in _open.Values)
        {
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
    }

    /// <summary>Cuts every open connection.</summary>
    public void Abort()
    {
        foreach (var connection in _open.Values)
        {
            connection.Abort(new ConnectionAbortedException("Cut by the test."));
        }
    }

    /// <summary>The outer middleware, in front of TLS.</summary>
    public ConnectionDelegate CountAccepted(ConnectionDelegate next) => async connection =>
    {
        Interlocked.Increment(ref _accepted);
        _open[connection.ConnectionId] = connection;
        lock (_open)
        {
            _mostOpen = Math.Max(_mostOpen, _open.Count);
        }

        try
        {
            if (_hold is { } hold)
            {
                await hold.Task;
            }

            await next(connection);
        }
        finally
        {
            _open.TryRemove(connection.ConnectionId, out _);
        }
    };

    /// <summary>The inner middleware, which only a completed handshake reaches.</summary>
    public ConnectionDelegate CountHandshake(ConnectionDelegate next) => connection =>
    {
        Interlocked.Increment(ref _handshakes);
        return next(connection);
    };
}
