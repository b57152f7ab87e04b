namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>
/// The connections of a pool that no call of its own waits for: made ahead, and made to take the place of others. All of it happens under the
/// pool's lock.
/// </summary>
internal sealed class ConnectionsAhead(Lock @lock, ConnectionSet connections, DialsUnderWay dials, ConnectionQueue calls)
{
    /// <inheritdoc cref="IEndpointConnections.Prepare"/>
    public void Prepare(bool isWaitedFor)
    {
        lock (@lock)
        {
            if (!calls.IsClosed && connections.Current.Length == 0 && dials.Count == 0)
            {
                dials.Start(isForCalls: isWaitedFor, isAhead: !isWaitedFor);
            }
        }
    }

    /// <inheritdoc cref="IEndpointConnections.Abandon"/>
    public void Abandon()
    {
        lock (@lock)
        {
            if (calls.Count == 0)
            {
                dials.Abandon();
            }
        }
    }

    /// <summary>What connections are made with has changed: those being made are not used.</summary>
    /// <returns>Those that are up, which are used until <see cref="Replace"/> has come to its end.</returns>
    public Http2Connection[] Discard()
    {
        lock (@lock)
        {
            dials.Discard();
            calls.Serve();
            return connections.Current;
        }
    }

    /// <summary>A server has answered: what its connection was to take the place of is used no more.</summary>
    public void EndReplacement()
    {
        Http2Connection[] replaced;
        lock (@lock)
        {
            replaced = connections.RetireReplaced(isAnswered: true);
            calls.Serve();
        }

        Array.ForEach(replaced, static connection => connection.CloseWhenUnused());
    }

    /// <summary>Has one more connection take the place of these, once its server has answered.</summary>
    public void Replace(Http2Connection[] old)
    {
        lock (@lock)
        {
            if (connections.Expire(old) && dials.Count == 0)
            {
                dials.Start(isForCalls: false);
            }
        }
    }
}
