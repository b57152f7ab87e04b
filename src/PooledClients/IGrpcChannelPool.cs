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
}
