using Microsoft.Extensions.Logging;

namespace PooledClients.Connections.Dialing;

/// <summary>What all dials of a container share.</summary>
/// <param name="Handshakes">Whose handshake may take processor time.</param>
/// <param name="LocalFaults">Tries again what this process had no descriptor for.</param>
/// <param name="Names">Looks names up.</param>
/// <param name="TimeProvider">The clock.</param>
/// <param name="Logger">The log of connections.</param>
internal sealed record DialServices(HandshakeQueue Handshakes, LocalFaultRetry LocalFaults, NameLookup Names, TimeProvider TimeProvider, ILogger Logger);
