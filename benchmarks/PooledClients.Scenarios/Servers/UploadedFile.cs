namespace PooledClients.Scenarios.Servers;

/// <summary>What the HTTP API is told about a file.</summary>
internal sealed record UploadedFile(string Name, long Size);
