using System.Collections.Concurrent;
using System.Globalization;
using PooledClients.Connections;

namespace PooledClients.Http.Routes;

/// <summary>
/// The routes of one client, each for as long as it is used, or some minutes longer where it was seen to leak. What comes after the thousandth at a time shares a route called
/// <c>other</c>.
/// </summary>
internal sealed class HttpRouteTable
{
    public const int MostRoutes = 1000;

    private const string Other = "other";
    private const int LongestName = 512;

    private readonly ConcurrentDictionary<string, HttpRoute> _routes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, HttpAuthority> _authorities = new(StringComparer.Ordinal);
    private readonly RecentRoutes _recent = new();
    private readonly int _capacity;
    private readonly IdleSweep? _sweep;
    private int _count;

    public HttpRouteTable(IdleSweep? sweep = null, int capacity = MostRoutes)
    {
        _capacity = capacity;
        _sweep = sweep;
        sweep?.Add(ForgetUnused);
    }

    /// <summary>Finds the route of a request, without allocating once it is known.</summary>
    public HttpRoute Get(HttpRequestMessage request)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } uri || request.Options.TryGetValue(PooledHttpRequestOptions.Route, out _))
        {
            return Find(request, out _);
        }

        var path = uri.PathAndQuery;
        if (_recent.Get(request.Method, uri, path) is { } recent)
        {
            return recent;
        }

        var route = Find(request, out var hasValue);
        if (!hasValue && !route.Authority.IsShared)
        {
            _recent.Set(request.Method, uri, path, route);
        }

        return route;
    }

    private HttpRoute Find(HttpRequestMessage request, out bool hasValue)
    {
        Span<char> name = stackalloc char[LongestName];
        var length = WriteName(request, name);
        hasValue = name[..length].Contains(RouteTemplate.Value, StringComparison.Ordinal);
        var known = _routes.GetAlternateLookup<ReadOnlySpan<char>>();
        return known.TryGetValue(name[..length], out var route) ? route : Add(request, name[..length].ToString());
    }

    private static int WriteName(HttpRequestMessage request, Span<char> name)
    {
        var uri = request.RequestUri;
        var isAbsolute = uri is { IsAbsoluteUri: true };
        var length = Append(Cut(request.Method.Method, 16), name, 0);
        name[length++] = ' ';
        length = isAbsolute ? Append(Cut(uri!.Host, 255), name, length) : length;
        if (isAbsolute && uri!.Port >= 0)
        {
            name[length++] = ':';
            uri.Port.TryFormat(name[length..], out var digits, provider: CultureInfo.InvariantCulture);
            length += digits;
        }

        if (request.Options.TryGetValue(PooledHttpRequestOptions.Route, out var template))
        {
            if (!template.StartsWith('/'))
            {
                name[length++] = '/';
            }

            return Append(Cut(template, name.Length - length), name, length);
        }

        return isAbsolute ? length + RouteTemplate.Write(Path(uri!), name[length..]) : length;
    }

    // The transport asks for path and query as well, and the address keeps them; the path alone would be made for this.
    private static ReadOnlySpan<char> Path(Uri uri)
    {
        var path = uri.PathAndQuery.AsSpan();
        return path.IndexOf('?') is >= 0 and var end ? path[..end] : path;
    }

    private static int Append(ReadOnlySpan<char> text, Span<char> name, int length)
    {
        text.CopyTo(name[length..]);
        return length + text.Length;
    }

    private static ReadOnlySpan<char> Cut(string text, int length) => text.AsSpan(0, Math.Min(text.Length, length));

    private HttpRoute Add(HttpRequestMessage request, string name)
    {
        if (Volatile.Read(ref _count) >= _capacity)
        {
            return _routes.GetOrAdd(Other, static name => new HttpRoute(new HttpAuthority(name, isShared: true), name));
        }

        var uri = request.RequestUri;
        var authority = _authorities.GetOrAdd(uri is { IsAbsoluteUri: true } ? uri.Authority : Other, static name => new HttpAuthority(name));
        var route = new HttpRoute(authority, name);
        if (!_routes.TryAdd(name, route))
        {
            return _routes.GetValueOrDefault(name, route);
        }

        Interlocked.Increment(ref _count);
        authority.AddRoute();
        _sweep?.Wake();
        return route;
    }

    // A call that found its route just before goes on with it; the next one makes it anew.
    private bool ForgetUnused()
    {
        var isAnyLeft = false;
        var isFull = Volatile.Read(ref _count) >= _capacity;
        foreach (var entry in _routes)
        {
            entry.Value.Lapse();
            if (entry.Key == Other)
            {
                isAnyLeft |= entry.Value.HasLeaked;
                continue;
            }

            // What leaks is remembered for a while, but not in the place of what is used now.
            if (entry.Value.TakeUsed() || (entry.Value.HasLeaked && !isFull) || !_routes.TryRemove(entry))
            {
                isAnyLeft = true;
                continue;
            }

            entry.Value.Forget();
            Interlocked.Decrement(ref _count);
            if (entry.Value.Authority.RemoveRoute())
            {
                _authorities.TryRemove(new(entry.Value.Authority.Name, entry.Value.Authority));
            }
        }

        return isAnyLeft;
    }
}
