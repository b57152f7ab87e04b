namespace PooledClients.Scenarios.Servers;

/// <summary>What a server has counted since its start.</summary>
/// <param name="GrpcConnections">TCP connections accepted for gRPC.</param>
/// <param name="GrpcHandshakes">TLS handshakes that were completed on them.</param>
/// <param name="Requests">Calls and requests that reached a handler, attempts included.</param>
/// <param name="Held">Calls that were held.</param>
/// <param name="WritesTwice">Writes that arrived more than once.</param>
internal sealed record ServerCounts(
    long GrpcConnections,
    long GrpcHandshakes,
    long GrpcOpen,
    long ApiConnections,
    long ApiHandshakes,
    long ApiOpen,
    long Requests,
    int Held,
    int WritesTwice);
