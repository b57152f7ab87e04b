namespace PooledClients.Http.Exchanges;

/// <summary>
/// Weak references to bodies that were, for those to come: one has a handle and a finalizer, and made anew for each response it costs a third of
/// the tracking. Each thread has its own, so that nobody waits for them.
/// </summary>
internal static class SpareReferences
{
    private const int MostSpare = 256;

    [ThreadStatic]
    private static Stack<WeakReference<IOpenBody>>? _spare;

    public static WeakReference<IOpenBody> Take(IOpenBody body)
    {
        if (_spare is null || !_spare.TryPop(out var reference))
        {
            return new WeakReference<IOpenBody>(body);
        }

        reference.SetTarget(body);
        return reference;
    }

    /// <summary>Keeps a reference that nobody follows any more.</summary>
    public static void Keep(WeakReference<IOpenBody> reference)
    {
        var spare = _spare ??= new();
        if (spare.Count < MostSpare)
        {
            spare.Push(reference);
        }
    }
}
