namespace PooledClients;

/// <summary>
/// Makes stubs of a pooled gRPC client for one piece of work. A stub is a small object over the one pooled channel: making one
/// connects nothing, and it is never disposed. A keyed service for a named client.
/// </summary>
/// <typeparam name="TClient">The client's type.</typeparam>
public interface IPooledGrpcClientFactory<TClient>
    where TClient : class
{
    /// <summary>Makes a stub with the client's own options.</summary>
    /// <returns>A new stub over the pooled channel.</returns>
    TClient CreateClient();

    /// <summary>Makes a stub whose calls, streaming ones too, have a deadline of their own, counted anew from each call. A call's own deadline still wins.</summary>
    /// <param name="deadline">How long each call may take. <see cref="Timeout.InfiniteTimeSpan"/> means no deadline.</param>
    /// <returns>A new stub over the pooled channel.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="deadline"/> is neither positive nor infinite.</exception>
    TClient CreateClient(TimeSpan deadline);
}
