using PooledClients.Connections.CallSites;

namespace PooledClients.Http.Routes;

/// <summary>What the exchanges of one client, method, authority and path template have in common.</summary>
internal sealed class HttpRoute(HttpAuthority authority, string name) : ISampledCalls
{
    // Ten minutes of the sweep's.
    private const int LooksAtALeak = 600;

    private string? _callSite;
    private int _calls;
    private int _leakedFor;
    private volatile bool _isUsed = true;
    private volatile bool _isForgotten;

    public HttpAuthority Authority { get; } = authority;

    public string Method => name.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end ? name[..end] : "";

    /// <summary>The authority and the path's template.</summary>
    public string Path => name[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    /// <summary>Whether a response of this route has been lost of late; its calls are then all captured.</summary>
    public bool HasLeaked => Volatile.Read(ref _leakedFor) > 0;

    /// <summary>Whether its table knows it no more: the next call of the same name has another.</summary>
    public bool IsForgotten => _isForgotten;

    /// <summary>The method that was last seen to call this route.</summary>
    public string? LastCallSite
    {
        get => Volatile.Read(ref _callSite);
        set => Volatile.Write(ref _callSite, value);
    }

    /// <summary>Counts a call, and says which one it is, from 1.</summary>
    public uint CountCall()
    {
        if (!_isUsed)
        {
            _isUsed = true;
        }

        return (uint)Interlocked.Increment(ref _calls);
    }

    /// <summary>
    /// Whether it has been used since this was asked last, or an exchange is under way: those that wait for a connection are to be counted
    /// with those that come later.
    /// </summary>
    public bool TakeUsed()
    {
        var wasUsed = _isUsed || Authority.IsInUse;
        _isUsed = false;
        return wasUsed;
    }

    public void MarkLeaked() => Volatile.Write(ref _leakedFor, LooksAtALeak);

    /// <summary>Counts one look at it without another leak: what leaked once is not captured for good.</summary>
    public void Lapse()
    {
        if (Volatile.Read(ref _leakedFor) is > 0 and var left)
        {
            Interlocked.CompareExchange(ref _leakedFor, left - 1, left);
        }
    }

    public void Forget() => _isForgotten = true;

    /// <summary><c>GET api.internal:443/users/{}</c>.</summary>
    public override string ToString() => name;
}
