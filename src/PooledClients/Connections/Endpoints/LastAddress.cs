namespace PooledClients.Connections.Endpoints;

/// <summary>What was found last for an address: most clients speak to one, and to compare it costs less than to hash it.</summary>
internal sealed class LastAddress<T>
    where T : class
{
    // Replaced as a whole; whoever finds it out of date finds anew.
    private volatile Entry? _entry;

    /// <summary>What was found last, if it was for this address.</summary>
    public T? Get(Uri uri, string host) =>
        _entry is { } last && last.Port == uri.Port && last.Host == host && last.Scheme == uri.Scheme ? last.Value : null;

    public void Set(Uri uri, string host, T value) => _entry = new Entry(uri.Scheme, host, uri.Port, value);

    /// <summary>Forgets it, whatever it is.</summary>
    public void Clear() => _entry = null;

    private sealed record Entry(string Scheme, string Host, int Port, T Value);
}
