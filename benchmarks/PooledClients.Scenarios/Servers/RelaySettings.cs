namespace PooledClients.Scenarios.Servers;

/// <summary>What a relay is to forward to: a port on loopback.</summary>
internal sealed record RelaySettings(int Port);
