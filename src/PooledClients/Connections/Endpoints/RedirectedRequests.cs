using System.Runtime.CompilerServices;
using PooledClients.Platform;

namespace PooledClients.Connections.Endpoints;

/// <summary>
/// The requests that an answer sends elsewhere, from that answer until it is seen where they are: the runtime follows redirects by itself, so
/// that until then any connection may be given to one of them, where nobody counts it. Where they are seen is marked as shared.
/// </summary>
internal sealed class RedirectedRequests(Destinations destinations)
{
    // Weak, for a server may name an address in its trailers too, when nobody tells of the request's end any more.
    private readonly ConditionalWeakTable<HttpRequestMessage, Redirect> _requests = [];

    // Held while connections that nobody uses are closed: who is redirected meanwhile waits for it.
    private readonly Lock _closing = new();

    // How many there are, for it is asked at each header of each request.
    private int _count;

    /// <summary>Has a handler tell of the requests that it redirects.</summary>
    public void Watch(SocketsHttpHandler handler)
    {
        HandlerHooks.OnLocation(handler, Add);
        HandlerHooks.OnHeadersWritten(handler, Seen);
    }

    /// <summary>A connection is made for a request, or has been given to it: if it has gone elsewhere, it is here now.</summary>
    public void SeenAt(Destination destination, HttpRequestMessage request)
    {
        // A dial that was made for it before may be late.
        if (Volatile.Read(ref _count) != 0 && _requests.TryGetValue(request, out var redirect) && !ReferenceEquals(request.RequestUri, redirect.From))
        {
            // Where the answer came from it is counted still.
            if (destination != redirect.Answered)
            {
                destination.Share();
            }

            Ended(request);
        }
    }

    /// <summary>The request has been answered, or has failed.</summary>
    public void Ended(HttpRequestMessage request)
    {
        if (Volatile.Read(ref _count) != 0 && _requests.TryGetValue(request, out var redirect) && _requests.Remove(request))
        {
            redirect.Dispose();
        }
    }

    /// <summary>Closes connections while there are none.</summary>
    /// <returns>What <paramref name="close"/> returns; 0 where there are any.</returns>
    public int CloseWhileNone(Func<int> close)
    {
        lock (_closing)
        {
            return Volatile.Read(ref _count) == 0 ? close() : 0;
        }
    }

    private void Seen(HttpRequestMessage request)
    {
        if (Volatile.Read(ref _count) != 0)
        {
            SeenAt(destinations.Get(request), request);
        }
    }

    private void Add(HttpRequestMessage request)
    {
        if (_requests.TryGetValue(request, out var redirect))
        {
            redirect.From = request.RequestUri;
            return;
        }

        _requests.Add(request, new Redirect(this, request.RequestUri, destinations.Get(request)));

        // Counted before the look, as who closes looks within: one of the two sees the other.
        lock (_closing)
        {
        }
    }

    /// <summary>Counts as long as it lives, or to its end.</summary>
    private sealed class Redirect : IDisposable
    {
        private readonly RedirectedRequests _all;

        public Redirect(RedirectedRequests all, Uri? from, Destination answered)
        {
            _all = all;
            From = from;
            Answered = answered;
            Interlocked.Increment(ref all._count);
        }

        ~Redirect() => Interlocked.Decrement(ref _all._count);

        /// <summary>Where the answer came from.</summary>
        public Uri? From { get; set; }

        /// <summary>Where the first answer came from.</summary>
        public Destination Answered { get; }

        public void Dispose()
        {
            Interlocked.Decrement(ref _all._count);
            GC.SuppressFinalize(this);
        }
    }
}
