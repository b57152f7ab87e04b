using System.Globalization;

namespace PooledClients.Connections.Budget;

/// <summary>Puts the state of the gate into words.</summary>
internal static class BudgetReport
{
    private const int HoldersNamed = 5;

    public static ConnectionBudgetException For(string address, BudgetState state, Exception? cause = null) =>
        new($"No connection to {address} could be opened: {Reason(state, cause)}", cause)
        {
            Address = address,
            Connections = state.InUse,
            Budget = state.Budget,
            OpenDescriptors = state.Descriptors.Open,
            DescriptorLimit = state.Descriptors.Limit,
            Holders = state.Holders,
        };

    /// <summary>The largest holders by address, in one line.</summary>
    public static string Holders(IReadOnlyList<ConnectionHolder> holders)
    {
        if (holders.Count == 0)
        {
            return "no pooled client";
        }

        var named = string.Join(", ", holders.Take(HoldersNamed));
        var others = holders.Skip(HoldersNamed).ToList();
        return others.Count == 0
            ? named
            : string.Create(CultureInfo.InvariantCulture, $"{named}, {others.Count} other addresses {others.Sum(h => h.Connections)}");
    }

    private static string Reason(BudgetState state, Exception? cause)
    {
        var descriptors = state.Descriptors.Limit is int limit
            ? string.Create(CultureInfo.InvariantCulture, $"{state.Descriptors.Open} of its {limit} descriptors")
            : string.Create(CultureInfo.InvariantCulture, $"{state.Descriptors.Open} descriptors");
        return cause is null && state.InUse >= state.Budget
            ? string.Create(CultureInfo.InvariantCulture,
                $"all {state.Budget} connections of the pooled clients' budget are in use, held by {Holders(state.Holders)}; the process holds {descriptors}. " +
                $"Lower Connection:MaxConnections of the largest holders, or raise the process's limit of descriptors or PooledClients:Descriptors:MaxConnections.")
            : string.Create(CultureInfo.InvariantCulture,
                $"the process holds {descriptors}, of which the pooled clients have {state.InUse} (budget {state.Budget}), held by {Holders(state.Holders)}. " +
                $"Look for what else keeps files or sockets open, or raise the process's limit of descriptors.");
    }
}
