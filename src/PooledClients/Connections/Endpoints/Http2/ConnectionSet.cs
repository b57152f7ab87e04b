namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>
/// The connections of one endpoint: those that are picked, and those that only finish their calls. Changed under the owner's lock, each
/// list replaced as a whole, and read anywhere.
/// </summary>
internal sealed class ConnectionSet(TimeProvider timeProvider)
{
    /// <summary>Connections that only finish their calls, for each that the cap allows: beyond that no lifetime ends, and nobody is given up for being mute.</summary>
    public const int MostRetired = 3;

    private volatile Http2Connection[] _current = [];
    private volatile Http2Connection[] _retired = [];

    /// <summary>Gets the connections that may be picked.</summary>
    public Http2Connection[] Current => _current;

    /// <summary>Gets the connections that only finish the calls they have.</summary>
    public Http2Connection[] Retired => _retired;

    /// <summary>Gets the calls whose streams are open or about to be, on whatever connection.</summary>
    public int InFlight => Calls(_current) + Calls(_retired);

    /// <summary>Gets how many of the calls wait for this process and not for the server.</summary>
    public int AtHand
    {
        get
        {
            var calls = 0;
            foreach (var connection in _current)
            {
                calls += connection.AtHand;
            }

            return calls;
        }
    }

    /// <summary>Gets those that may be picked and on which no call is.</summary>
    public IEnumerable<Http2Connection> Unused => _current.Where(static connection => connection.Calls == 0);

    /// <summary>Gets whether there is one that may be picked whose server has answered.</summary>
    public bool IsAnswered => Array.Exists(_current, static connection => connection.WasAnswered);

    /// <summary>Gets whether one has come up whose server was not heard yet: it may take the place of those whose use is over.</summary>
    public bool IsReplacing => Array.Exists(_current, static connection => connection is { IsExpired: false, Limit: null });

    /// <summary>Gets how many are up whose server has told its limit.</summary>
    public int Ready => _current.Count(static connection => connection.Limit is not null);

    /// <summary>Whether the cap is reached, and none of them is to be replaced: so it is where a dial was late, and both it and the one in its place have come to a connection.</summary>
    public bool IsFull(int cap) => _current.Length >= cap && !Array.Exists(_current, static connection => connection.IsExpired);

    public void Add(Http2Connection connection) => _current = [.. _current, connection];

    /// <returns>Whether it was picked until now.</returns>
    public bool Retire(Http2Connection connection)
    {
        if (Array.IndexOf(_current, connection) < 0)
        {
            return false;
        }

        // In the second list first: who counts both counts it twice for a moment rather than not at all.
        _retired = [.. _retired, connection];
        _current = [.. _current.Where(other => other != connection)];
        connection.RetiredAt = timeProvider.GetTimestamp();
        connection.Retire();
        return true;
    }

    /// <summary>Retires those that <paramref name="which"/> tells of.</summary>
    /// <returns>Which they were.</returns>
    public Http2Connection[] RetireWhere(Predicate<Http2Connection> which)
    {
        var retired = Array.FindAll(_current, which);
        Array.ForEach(retired, connection => Retire(connection));
        return retired;
    }

    /// <summary>A connection's lifetime is over: it is used until another one is up, unless too many only finish their calls already.</summary>
    public void Expire(Http2Connection connection, int cap)
    {
        if (!connection.IsExpired && !connection.IsRetired && _retired.Length < MostRetired * cap)
        {
            connection.IsExpired = true;
            connection.LeaveCap();
        }
    }

    /// <summary>Those of <paramref name="old"/> that are picked still are used until another one is up.</summary>
    /// <returns>Whether there are any.</returns>
    public bool Expire(Http2Connection[] old)
    {
        var current = Array.FindAll(old, connection => !connection.IsRetired);
        Array.ForEach(current, connection => Expire(connection, int.MaxValue / MostRetired));
        return current.Length > 0;
    }

    /// <summary>Retires those whose use is over where another one is up.</summary>
    /// <param name="isAnswered">Whether that has to have been answered.</param>
    public Http2Connection[] RetireReplaced(bool isAnswered) => Array.Exists(_current, connection => !connection.IsExpired && (connection.WasAnswered || !isAnswered))
        ? RetireWhere(static connection => connection.IsExpired)
        : [];

    public void Remove(Http2Connection connection) => _retired = [.. _retired.Where(other => other != connection)];

    /// <summary>The least occupied connection with room; one past its lifetime only where no other has any.</summary>
    public Http2Connection? LeastOccupied()
    {
        Http2Connection? best = null;
        var least = int.MaxValue;
        foreach (var connection in _current)
        {
            var taken = connection.Taken;
            var isBetter = best is null || (connection.IsExpired == best.IsExpired ? taken < least : best.IsExpired);
            if (isBetter && taken < connection.Capacity)
            {
                (best, least) = (connection, taken);
            }
        }

        return best;
    }

    private static int Calls(Http2Connection[] connections)
    {
        var calls = 0;
        foreach (var connection in connections)
        {
            calls += connection.Calls;
        }

        return calls;
    }
}
