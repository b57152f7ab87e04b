namespace PooledClients.Connections.Endpoints;

/// <summary>
/// How often connections that have gone silent may be replaced: at most once in a second, doubling to a minute while the replacements
/// stay silent too, so that a server that is merely slow does not lose its connections again and again.
/// </summary>
internal sealed class SilenceRule(TimeProvider timeProvider)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();

    // Written under _lock. The flag is read at each response, and only then is the lock taken.
    private volatile bool _hasRetired;
    private TimeSpan _interval = First;
    private long _retiredAt;

    public bool HasRetired => _hasRetired;

    /// <param name="silentSince">When the silence began; a shorter one than a second proves nothing.</param>
    public bool MayRetire(long silentSince)
    {
        if (timeProvider.GetElapsedTime(silentSince) < First)
        {
            return false;
        }

        lock (_lock)
        {
            if (_hasRetired)
            {
                if (timeProvider.GetElapsedTime(_retiredAt) < _interval)
                {
                    return false;
                }

                _interval = _interval * 2 < Most ? _interval * 2 : Most;
            }

            _hasRetired = true;
            _retiredAt = timeProvider.GetTimestamp();
            return true;
        }
    }

    /// <summary>A connection has answered: the silence is over.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            // The interval counts from the last replacement even so: one answer does not make the next silence more likely.
            if (timeProvider.GetElapsedTime(_retiredAt) >= _interval)
            {
                _hasRetired = false;
                _interval = First;
            }
        }
    }
}
