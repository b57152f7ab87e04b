namespace PooledClients.Benchmarks.Servers;

/// <summary>Where the server is, and the certificate to trust.</summary>
internal sealed record ServerAddress(string Url, string CaPem);
