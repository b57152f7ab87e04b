namespace PooledClients.Connections.Budget.Leases;

/// <param name="Address">The address.</param>
/// <param name="Cap">The most leases at a time.</param>
/// <param name="InUse">Leases in use.</param>
/// <param name="Waiting">Connects that wait.</param>
/// <param name="WaitsSince">The timestamp at which the oldest of them began; none without one.</param>
/// <param name="Kind">Whose it is: <c>grpc</c> or <c>http</c>.</param>
/// <param name="WaitsForBudget">Whether they wait for the process's budget, and not for the address's own cap.</param>
internal sealed record LeaseQueueState(
    string Address, int Cap, int InUse, int Waiting, long? WaitsSince = null, string Kind = "", bool WaitsForBudget = false);
