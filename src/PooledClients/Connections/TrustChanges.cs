namespace PooledClients.Connections;

/// <summary>
/// Invariant: no change of trust or identity is lost. A change is counted before anything else, and what is made of trust and identity is
/// used only if it was made after the last one that was counted; a later one is pending until what is in use is replaced. All but
/// <see cref="Count"/> is guarded by the owner's lock, which is also held by whoever brings a change about while something is made.
/// </summary>
internal sealed class TrustChanges
{
    private long _counted;
    private long _seen;
    private bool _isMaking;

    /// <summary>Whether there was a change that what is in use does not know of, and nothing is being made that will.</summary>
    public bool IsPending => !_isMaking && _seen != Volatile.Read(ref _counted);

    public void Count() => Interlocked.Increment(ref _counted);

    /// <summary>Makes something of trust and identity, again when they change meanwhile.</summary>
    public T Make<T>(Func<T> make)
        where T : IDisposable
    {
        _isMaking = true;
        try
        {
            while (true)
            {
                var counted = Volatile.Read(ref _counted);
                var made = make();
                if (counted == Volatile.Read(ref _counted))
                {
                    _seen = counted;
                    return made;
                }

                made.Dispose();
            }
        }
        finally
        {
            _isMaking = false;
        }
    }
}
