namespace PooledClients.Connections.Budget;

internal sealed record GateAddressState(string Address, int Cap, int InUse, int Waiting);
