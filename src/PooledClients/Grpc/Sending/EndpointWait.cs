using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Grpc.Deadlines;

namespace PooledClients.Grpc.Sending;

/// <summary>What a call does that none of several endpoints could take at once.</summary>
internal static class EndpointWait
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits for an endpoint, then for room there unless another one has it.</summary>
    public static async ValueTask<Http2Connection> TakeAsync(
        EndpointSet set, bool isStream, bool waitsForReady, CallTime time, CallErrors errors, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var endpoint = await set.WaitAsync(isStream, waitsForReady, cancellationToken).ConfigureAwait(false) ?? throw errors.NoEndpoint(set);
                if (endpoint.Pool.TryTake(out var connection) || set.TryTakeAny(out connection))
                {
                    return connection;
                }

                // One that left meanwhile, or lost its connections, has none for it: the next look finds another.
                if (await TakeAsync(endpoint.Pool, set, timeProvider, cancellationToken).ConfigureAwait(false) is { } given)
                {
                    return given;
                }
            }
            catch (OperationCanceledException exception) when (time.IsOver)
            {
                throw errors.NoEndpoint(set, time, exception);
            }
        }
    }

    // Its place in the queue of one endpoint keeps a call from none of the others, should they have room before.
    private static async Task<Http2Connection?> TakeAsync(EndpointPool pool, EndpointSet set, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var taking = pool.TakeAsync(leave.Token).AsTask();
        Http2Connection? other = null;
        while (await Task.WhenAny(taking, Task.Delay(Look, timeProvider, CancellationToken.None)).ConfigureAwait(false) != taking)
        {
            if (set.TryTakeAny(out other))
            {
                await leave.CancelAsync().ConfigureAwait(false);
                break;
            }
        }

        try
        {
            var grant = await taking.ConfigureAwait(false);
            if (grant.Connection is null)
            {
                return other;
            }

            other?.Exit();
            return grant.Connection;
        }
        catch (OperationCanceledException) when (other is not null)
        {
            return other;
        }
    }
}
