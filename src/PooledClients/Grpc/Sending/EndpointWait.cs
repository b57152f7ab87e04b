using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Grpc.Deadlines;

namespace PooledClients.Grpc.Sending;

/// <summary>What a call does that none of several endpoints could take at once.</summary>
internal static class EndpointWait
{
    /// <summary>Waits for an endpoint, then for room there unless another one has it.</summary>
    public static async ValueTask<Http2Connection> TakeAsync(
        EndpointSet set, bool isStream, bool waitsForReady, CallTime time, CallErrors errors, CancellationToken cancellationToken)
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
                var grant = await endpoint.Pool.TakeAsync(cancellationToken).ConfigureAwait(false);
                if (grant.Connection is not null)
                {
                    return grant.Connection;
                }
            }
            catch (OperationCanceledException exception) when (time.IsOver)
            {
                throw errors.NoEndpoint(set, time, exception);
            }
        }
    }
}
