namespace PooledClients.Http.Routes;

/// <summary>
/// The routes of a few addresses that were asked for of late, found without writing out their names. Those whose path holds a value are not among
/// them: the next address is another.
/// </summary>
internal sealed class RecentRoutes
{
    private const int Places = 16;
    private const int MissesAPlace = 32;

    // Each is replaced as a whole; whoever finds another's in its place looks further.
    private readonly Entry?[] _places = new Entry?[Places];

    // Two at once may count as one.
    private int _misses;

    public HttpRoute? Get(HttpMethod method, Uri uri, string path) =>
        Volatile.Read(ref _places[PlaceOf(path)]) is { } entry
        && entry.Port == uri.Port
        && entry.Path == path
        && entry.Method == method
        && entry.Host == uri.Host
        && !entry.Route.IsForgotten
            ? entry.Route
            : null;

    /// <summary>Keeps it in a place that is free, and now and then in one that is not: addresses that share a place do not drive each other out.</summary>
    public void Set(HttpMethod method, Uri uri, string path, HttpRoute route)
    {
        ref var place = ref _places[PlaceOf(path)];
        if (Volatile.Read(ref place) is null or { Route.IsForgotten: true } || ++_misses % MissesAPlace == 0)
        {
            Volatile.Write(ref place, new Entry(method, uri.Host, uri.Port, path, route));
        }
    }

    private static int PlaceOf(string path) => (path.Length + (path[^1] * 7) + (path[path.Length / 2] * 31)) & (Places - 1);

    private sealed record Entry(HttpMethod Method, string Host, int Port, string Path, HttpRoute Route);
}
