namespace PooledClients.Http.Routes;

/// <summary>How many responses of one client are open at one authority, of the connections that it may have there.</summary>
/// <param name="name">The authority's name.</param>
/// <param name="isShared">Whether it stands for many authorities, of none of which its counts tell.</param>
internal sealed class HttpAuthority(string name, bool isShared = false)
{
    // A look may come too soon after a collection to ask for another.
    private const int LooksAfterLeak = 3;

    private int _calls;
    private int _open;
    private int _routes;
    private int _isWatched;
    private int _looksAfterLeak;

    public string Name { get; } = name;

    public bool IsShared { get; } = isShared;

    public int Open => Volatile.Read(ref _open);

    /// <summary>The exchanges that are under way, those whose response is open included.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Whether it is looked at now and then for calls that wait; to be set by one.</summary>
    public bool TryWatch() => Volatile.Read(ref _isWatched) == 0 && Interlocked.Exchange(ref _isWatched, 1) == 0;

    /// <summary>
    /// Whether calls wait while as many responses are open as there may be connections, or at the looks after responses were found leaked: a
    /// connection that something still led to then is given back by the next collection. None, and the watch over, when there are too few calls for that.
    /// </summary>
    public bool? IsShortOf(int connections)
    {
        // Calls that are fewer than the connections wait all the same where these are not given back yet.
        if (Volatile.Read(ref _looksAfterLeak) > 0 && Calls > Open)
        {
            Interlocked.Decrement(ref _looksAfterLeak);
            return true;
        }

        if (Calls > connections)
        {
            return IsHeldUp(connections);
        }

        // Told before the second look, as a call counts itself before it looks: one of the two sees the other.
        Volatile.Write(ref _isWatched, 0);
        Interlocked.MemoryBarrier();
        return Calls > connections && TryWatch() ? IsHeldUp(connections) : null;
    }

    private bool IsHeldUp(int connections) => Open >= connections && Calls > Open;

    public void AddRoute() => Interlocked.Increment(ref _routes);

    /// <returns>Whether it was the last.</returns>
    public bool RemoveRoute() => Interlocked.Decrement(ref _routes) == 0;

    /// <summary>Whether any exchange is under way, with a response or without one yet.</summary>
    public bool IsInUse => Volatile.Read(ref _calls) > 0;

    public void Begin() => Interlocked.Increment(ref _calls);

    public void End() => Interlocked.Decrement(ref _calls);

    public void Opened() => Interlocked.Increment(ref _open);

    /// <summary>A response was found leaked.</summary>
    public void Leaked() => Volatile.Write(ref _looksAfterLeak, LooksAfterLeak);

    public void Closed() => Interlocked.Decrement(ref _open);
}
