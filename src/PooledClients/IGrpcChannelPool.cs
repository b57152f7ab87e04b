using Grpc.Core;

namespace PooledClients;

/// <summary>The pooled channels, for code that wants a channel instead of a stub.</summary>
public interface IGrpcChannelPool
{
    /// <summary>
    /// Gets the pooled channel of a client. Its <see cref="ChannelBase.CreateCallInvoker"/> is the whole pipeline: deadlines,
    /// resilience, interceptors, connections. Shutting it down does nothing: the pool owns it.
    /// </summary>
    /// <param name="name">The client's name.</param>
    /// <returns>The channel, the same one at each call.</returns>
    /// <exception cref="InvalidOperationException">No client of that name was added.</exception>
    ChannelBase GetChannel(string name);

    /// <summary>Gets the pooled channel of the client type that was added without a name.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <returns>The channel, the same one at each call.</returns>
    /// <exception cref="InvalidOperationException">The type was not added, or only under names.</exception>
    ChannelBase GetChannel<TClient>()
        where TClient : class;

    /// <summary>
    /// Connects a client ahead of its first call, by a real one: <c>grpc.health.v1.Health/Check</c>, whose answer does not matter; a
    /// server that has no such service counts as connected. It keeps trying until the token is cancelled.
    /// </summary>
    /// <param name="name">The client's name.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>A task that ends when a connection is up.</returns>
    /// <exception cref="InvalidOperationException">No client of that name was added.</exception>
    /// <exception cref="RpcException">The server's certificate or ours was refused, or the pool is disposed: waiting would not help.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first; the inner exception is the last failure.</exception>
    Task ConnectAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Gets the state of a client's connections. Nothing is connected by asking.</summary>
    /// <param name="name">The client's name.</param>
    /// <returns>
    /// <see cref="ConnectivityState.Ready"/> when a connection is up, <see cref="ConnectivityState.TransientFailure"/> when the last
    /// connect failed, <see cref="ConnectivityState.Idle"/> when no call has needed one.
    /// </returns>
    /// <exception cref="InvalidOperationException">No client of that name was added.</exception>
    ConnectivityState GetState(string name);
}
