using System.Collections.Concurrent;

namespace PooledClients.Connections.Endpoints;

/// <summary>The addresses that one generation of a handler sends to: the one that it has, or each that a request names, for as long as it is used.</summary>
/// <param name="only">The one, whatever requests name; without it each address that they name is one.</param>
/// <param name="create">Makes one, given its address in words.</param>
internal sealed class Destinations(Destination? only, Func<string, Destination> create)
{
    private readonly ConcurrentDictionary<(string Scheme, string Host, int Port), Destination> _named = new();
    private readonly LastAddress<Destination> _last = new();

    public IEnumerable<Destination> All => only is null ? _named.Values : [only];

    /// <summary>Counts a call where it goes, until the destination's <see cref="Destination.EndCall"/>.</summary>
    /// <exception cref="InvalidOperationException">The request names no address, as the runtime would have said.</exception>
    public Destination BeginCall(HttpRequestMessage request)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true })
        {
            throw new InvalidOperationException("The request has no absolute address: a message handler took or changed its RequestUri.");
        }

        while (true)
        {
            var destination = Get(request);
            if (destination.TryBeginCall())
            {
                return destination;
            }

            Remove(destination);
        }
    }

    /// <summary>Counts the dial that the runtime makes for a request, until the destination's <see cref="Destination.EndDial"/>.</summary>
    public Destination BeginDial(HttpRequestMessage request)
    {
        while (true)
        {
            var destination = IsTunnel(request) ? GetTunnel(request) : Get(request);
            if (destination.TryBeginDial())
            {
                return destination;
            }

            Remove(destination);
        }
    }

    /// <summary>Where a request goes as it is now.</summary>
    public Destination Get(HttpRequestMessage request)
    {
        if (only is not null)
        {
            return only;
        }

        var uri = request.RequestUri!;
        var host = uri.IdnHost;
        if (_last.Get(uri, host) is { } last)
        {
            return last;
        }

        var destination = GetOrAdd((SchemeOf(uri), host, uri.Port), static key => $"{key.Scheme}://{key.Host}:{key.Port}");
        _last.Set(uri, host, destination);
        return destination;
    }

    /// <summary>Forgets those that have no connection and no call.</summary>
    /// <returns>Whether any is left.</returns>
    public bool ForgetUnused()
    {
        foreach (var entry in _named)
        {
            if (entry.Value.TryForget())
            {
                _named.TryRemove(entry);
            }
        }

        return !_named.IsEmpty;
    }

    // A WebSocket begins on a connection of any request's.
    private static string SchemeOf(Uri uri) => uri.Scheme switch
    {
        "ws" => Uri.UriSchemeHttp,
        "wss" => Uri.UriSchemeHttps,
        var scheme => scheme,
    };

    // The runtime asks for a tunnel through a proxy by a CONNECT of its own, which is nobody's call: its connection is one of those to the
    // host that it leads to, and capped with them.
    private bool IsTunnel(HttpRequestMessage request) => only is null && request.Method == HttpMethod.Connect && request.Headers.Protocol is null;

    private Destination GetTunnel(HttpRequestMessage request) =>
        GetOrAdd((request.RequestUri!.Scheme, $"{request.RequestUri.IdnHost}:{request.RequestUri.Port} to {request.Headers.Host}", 0), static key => $"{key.Scheme}://{key.Host}");

    private Destination GetOrAdd((string Scheme, string Host, int Port) key, Func<(string Scheme, string Host, int Port), string> describe) =>
        _named.GetOrAdd(key, static (key, make) => make.create(make.describe(key)), (create, describe));

    // It is being forgotten. A call that found it meanwhile may have put it back as the last one, which is asked first.
    private void Remove(Destination destination)
    {
        _last.Clear();
        foreach (var entry in _named.Where(entry => entry.Value == destination))
        {
            _named.TryRemove(entry);
        }
    }
}
