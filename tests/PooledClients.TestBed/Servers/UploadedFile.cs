namespace PooledClients.TestBed.Servers;

/// <summary>What the HTTP API is told about one file.</summary>
internal sealed record UploadedFile(string Name, long Size);
