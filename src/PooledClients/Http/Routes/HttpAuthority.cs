namespace PooledClients.Http.Routes;

/// <summary>How many responses of one client are open at one authority, of the connections that it may have there.</summary>
/// <param name="name">The authority's name.</param>
/// <param name="isShared">Whether it stands for many authorities, of none of which its counts tell.</param>
internal sealed class HttpAuthority(string name, bool isShared = false)
{
    private int _calls;
    private int _open;
    private int _routes;

    public string Name { get; } = name;

    public bool IsShared { get; } = isShared;

    public int Open => Volatile.Read(ref _open);

    public void AddRoute() => Interlocked.Increment(ref _routes);

    /// <returns>Whether it was the last.</returns>
    public bool RemoveRoute() => Interlocked.Decrement(ref _routes) == 0;

    /// <summary>Whether any exchange is under way, with a response or without one yet.</summary>
    public bool IsInUse => Volatile.Read(ref _calls) > 0;

    public void Begin() => Interlocked.Increment(ref _calls);

    public void End() => Interlocked.Decrement(ref _calls);

    public void Opened() => Interlocked.Increment(ref _open);

    public void Closed() => Interlocked.Decrement(ref _open);
}
