namespace PooledClients.Connections.Budget;

/// <summary>What the budget lacks.</summary>
/// <param name="Connections">How many have to go, so that those who wait are served and the process is below its high-water mark.</param>
/// <param name="IsPressed">Whether the process is at its high-water mark, where one that goes may not be replaced by another.</param>
internal readonly record struct BudgetShortage(int Connections, bool IsPressed);
