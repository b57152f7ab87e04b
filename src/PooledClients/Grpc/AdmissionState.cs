namespace PooledClients.Grpc;

/// <summary>What the snapshot and the metrics tell of one address's admission.</summary>
/// <param name="Mode">How the limit is found.</param>
/// <param name="Limit">The most unary calls in flight now; <see cref="int.MaxValue"/> is no limit.</param>
/// <param name="InFlight">The unary calls in flight.</param>
/// <param name="Waiting">The calls that wait in front of the transport.</param>
/// <param name="StreamLimit">The streams that the server allows a connection, once it has told.</param>
internal sealed record AdmissionState(AdmissionMode Mode, int Limit, int InFlight, int Waiting, int? StreamLimit);
