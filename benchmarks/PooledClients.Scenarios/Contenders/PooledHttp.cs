namespace PooledClients.Scenarios.Contenders;

/// <summary>This library's HTTP clients.</summary>
internal sealed class PooledHttp() : HttpContender("pooled", "this library: AddPooledHttpClient, a client created for each request")
{
    public override HttpClients Build(HttpClientSettings settings) => new Clients(new PooledHost(null, settings));

    public sealed class Clients(PooledHost host) : HttpClients
    {
        public override IReadOnlyCollection<string> Log => host.Log;

        public override HttpClient Take() => host.CreateHttpClient();

        public override ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
