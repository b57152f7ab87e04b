using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Grpc;

/// <summary>Makes stubs over a client's pooled channel.</summary>
/// <param name="pool">The channels.</param>
/// <param name="registration">The client.</param>
/// <param name="scope">The services that its stubs belong to; <see langword="null"/> where they belong to no scope.</param>
internal sealed class PooledGrpcClientFactory<[DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(
    GrpcChannelPool pool, GrpcClientRegistration<TClient> registration, IServiceProvider? scope) : IPooledGrpcClientFactory<TClient>
    where TClient : class
{
    public TClient CreateClient() => Create(deadline: null);

    public TClient CreateClient(TimeSpan deadline)
    {
        if (deadline <= TimeSpan.Zero && deadline != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(deadline), deadline, "A stub's deadline is positive, or Timeout.InfiniteTimeSpan for none.");
        }

        return Create(deadline);
    }

    private TClient Create(TimeSpan? deadline)
    {
        var channel = pool.GetPooledChannel(registration);
        var invoker = channel.CreateStubInvoker(deadline, scope);
        return channel.Setup.Creator is { } create ? (TClient)create(scope ?? channel.Services, invoker) : registration.Create(invoker);
    }
}
