namespace PooledClients.Http.Leaks;

/// <summary>
/// Held by nothing, so that the next garbage collection finds it: one finalizer a collection tells as much as one a response, which
/// would cost each of them some 100 ns (measured).
/// </summary>
internal sealed class CollectionNotice
{
    private readonly Action _onCollected;

    private CollectionNotice(Action onCollected) => _onCollected = onCollected;

    // The finalizer's thread must not wait for a lock or a logger.
    ~CollectionNotice() => ThreadPool.UnsafeQueueUserWorkItem(static onCollected => onCollected(), _onCollected, preferLocal: false);

    /// <summary>Has the action run on a pool thread, once, after the next collection; weak references that it clears are empty by then.</summary>
    public static void Post(Action onCollected) => _ = new CollectionNotice(onCollected);
}
