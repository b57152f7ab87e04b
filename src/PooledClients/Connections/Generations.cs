namespace PooledClients.Connections;

/// <summary>
/// The current generation of a transport's handler, and those that it replaced until their handler is disposed and their last connection is
/// closed. All but <see cref="Current"/> is guarded by the transport's lock.
/// </summary>
internal sealed class Generations(Func<int, Generation> make)
{
    // A request may be queued for a connection of a replaced handler; past this age the handler goes all the same.
    private static readonly TimeSpan RetiredAge = TimeSpan.FromMinutes(1);

    private readonly TrustChanges _trust = new();
    private readonly List<Generation> _retired = [];

    // A reader that finds it replaced tries again.
    private volatile Generation? _current;

    public Generation Current => _current!;

    /// <summary>Gets those that still have anything, the current one last.</summary>
    public IReadOnlyList<Generation> All => [.. _retired, Current];

    /// <summary>Whether trust or identity changed, and the current one does not know of it.</summary>
    public bool IsOutOfDate => _trust.IsPending;

    /// <summary>Counts a change of trust or identity, before anything else; under no lock.</summary>
    public void TrustChanged() => _trust.Count();

    /// <summary>Makes the next one; the one before takes no new request.</summary>
    public void Next()
    {
        var old = _current;
        _current = _trust.Make(() => make((old?.Number ?? 0) + 1));
        _retired.RemoveAll(static generation => generation.IsGone);
        if (old is not null)
        {
            _retired.Add(old);
            old.Retire();
            old.DisposeHandlerAfter(RetiredAge);
        }
    }

    /// <summary>The current one takes no new request either.</summary>
    public void Retire()
    {
        Current.Retire();
        _retired.Add(Current);
    }

    /// <summary>Closes everything at once.</summary>
    public void CloseAll()
    {
        foreach (var generation in _retired)
        {
            generation.Dispose();
        }

        _retired.Clear();
    }
}
