namespace PooledClients.Http;

/// <summary>What a client's builder was told; named options, filled by the builder's methods and read once.</summary>
internal sealed class HttpClientSetup
{
    /// <summary>Where any is given, the client's connections are its own: no other client asked for such a handler.</summary>
    public List<Action<SocketsHttpHandler>> HandlerActions { get; } = [];

    /// <summary>Whether each scope has a client of its own.</summary>
    public bool IsScoped { get; set; }
}
