namespace PooledClients.Scenarios.Contenders;

/// <summary>One plain client, well configured.</summary>
internal class SharedHttpClient(string name, string description) : HttpContender(name, description)
{
    public SharedHttpClient()
        : this("http-client", "one HttpClient shared by all, over a SocketsHttpHandler with finite connection lifetime")
    {
    }

    public override HttpClients Build(HttpClientSettings settings) => new Clients(settings);

    /// <summary>The handler of the contenders other than the library.</summary>
    public static SocketsHttpHandler Handler(HttpClientSettings settings) => new()
    {
        SslOptions = Trust.Options(Trust.Read(settings.CaPath)),
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,

        // As the library's own: with one connection alone, HTTP/2 from many callers would compare pools and not clients.
        EnableMultipleHttp2Connections = true,
    };

    protected class Clients : HttpClients
    {
        private readonly HttpClient _client;

        public Clients(HttpClientSettings settings)
        {
            _client = new HttpClient(Handler(settings));
            settings.Configure(_client);
        }

        public override HttpClient Take() => _client;

        public override ValueTask DisposeAsync()
        {
            _client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
