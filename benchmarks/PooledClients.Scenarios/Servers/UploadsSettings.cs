namespace PooledClients.Scenarios.Servers;

/// <summary>How the uploads service reaches the HTTP API.</summary>
internal sealed record UploadsSettings(string Contender, string ApiAddress, string CaPath);
