namespace PooledClients.IntegrationTests.Http.Conformance.Lifetimes;

/// <summary>What a typed client is asked for by.</summary>
internal interface ITypedClient
{
    HttpClient Client { get; }
}
