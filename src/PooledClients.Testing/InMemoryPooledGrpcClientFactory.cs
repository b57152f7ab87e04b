using System.Collections.Concurrent;

namespace PooledClients.Testing;

/// <summary>A factory that hands out fakes and remembers the deadlines that were asked for.</summary>
/// <typeparam name="TClient">The client's type.</typeparam>
public sealed class InMemoryPooledGrpcClientFactory<TClient> : IPooledGrpcClientFactory<TClient>
    where TClient : class
{
    private readonly Func<TimeSpan?, TClient> _create;
    private readonly ConcurrentQueue<TimeSpan> _deadlines = new();

    /// <summary>Makes a factory that hands out one fake each time.</summary>
    /// <param name="client">The fake.</param>
    public InMemoryPooledGrpcClientFactory(TClient client)
        : this(_ => client)
    {
        ArgumentNullException.ThrowIfNull(client);
    }

    /// <summary>Makes a factory that makes a fake each time.</summary>
    /// <param name="create">Makes one; it is told the deadline, where one was asked for.</param>
    public InMemoryPooledGrpcClientFactory(Func<TimeSpan?, TClient> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        _create = create;
    }

    /// <summary>Gets the deadlines that were asked for so far, oldest first.</summary>
    public IReadOnlyCollection<TimeSpan> Deadlines => _deadlines;

    /// <inheritdoc/>
    public TClient CreateClient() => _create(null);

    /// <inheritdoc/>
    public TClient CreateClient(TimeSpan deadline)
    {
        if (deadline <= TimeSpan.Zero && deadline != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(deadline), deadline, "A stub's deadline is positive, or Timeout.InfiniteTimeSpan for none.");
        }

        _deadlines.Enqueue(deadline);
        return _create(deadline);
    }
}
