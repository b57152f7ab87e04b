namespace PooledClients.Grpc;

/// <summary>Makes stubs over a client's pooled channel.</summary>
internal sealed class PooledGrpcClientFactory<TClient>(GrpcChannelPool pool, GrpcClientRegistration<TClient> registration) : IPooledGrpcClientFactory<TClient>
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
        var invoker = channel.CreateStubInvoker(deadline);
        return channel.Setup.Creator is { } create ? (TClient)create(channel.Services, invoker) : registration.Create(invoker);
    }
}
