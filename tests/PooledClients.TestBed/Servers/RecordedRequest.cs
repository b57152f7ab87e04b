namespace PooledClients.TestBed.Servers;

/// <summary>A request as the server saw it; <see cref="Client"/> is the subject of the client's certificate.</summary>
internal sealed record RecordedRequest(string Path, IReadOnlyDictionary<string, string> Headers, string Connection, string? Client);
