namespace PooledClients.Platform;

/// <summary>
/// What a <see cref="SocketsHttpHandler"/> tells of a request while it works on it, beyond its public contract: .NET 10 asks for the encoding of each
/// header as it writes or reads it and for nothing else, and no public member tells the same. Each is asked of the running runtime by a test.
/// </summary>
internal static class HandlerHooks
{
    private const string Location = "Location";

    /// <summary>
    /// Has <paramref name="written"/> called for each request whose headers a connection begins to write, which is when it has got its connection. A
    /// request without headers is never told of.
    /// </summary>
    /// <param name="handler">The handler; what it asked before is asked on.</param>
    /// <param name="written">What is told, once or more often for each time that a request's headers are written. What it throws is how the sending fails, and nothing is sent.</param>
    public static void OnHeadersWritten(SocketsHttpHandler handler, Action<HttpRequestMessage> written)
    {
        var before = handler.RequestHeaderEncodingSelector;
        handler.RequestHeaderEncodingSelector = (name, request) =>
        {
            written(request);
            return before?.Invoke(name, request);
        };
    }

    /// <summary>Has <paramref name="read"/> called for each request whose answer names another address, before the handler follows it.</summary>
    /// <param name="handler">The handler; what it asked before is asked on.</param>
    /// <param name="read">What is told.</param>
    public static void OnLocation(SocketsHttpHandler handler, Action<HttpRequestMessage> read)
    {
        var before = handler.ResponseHeaderEncodingSelector;
        handler.ResponseHeaderEncodingSelector = (name, request) =>
        {
            if (name.Length == Location.Length && name.Equals(Location, StringComparison.OrdinalIgnoreCase))
            {
                read(request);
            }

            return before?.Invoke(name, request);
        };
    }
}
