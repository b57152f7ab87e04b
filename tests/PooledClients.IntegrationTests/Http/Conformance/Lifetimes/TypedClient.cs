namespace PooledClients.IntegrationTests.Http.Conformance.Lifetimes;

/// <summary>A typed client.</summary>
internal sealed class TypedClient(HttpClient client) : ITypedClient
{
    public HttpClient Client { get; } = client;
}
