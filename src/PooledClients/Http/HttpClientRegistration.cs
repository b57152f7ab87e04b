namespace PooledClients.Http;

/// <summary>An HTTP client that was added: the handlers of this library are for these names only.</summary>
internal sealed record HttpClientRegistration(string Name);
