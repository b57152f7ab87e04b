namespace PooledClients;

/// <summary>
/// A connection could not be opened because the process has no room for it: its pooled clients have spent their budget, or its
/// descriptors are nearly or wholly gone, whoever holds them. It says nothing about the server, so it is neither retried nor counted
/// against the server's breaker. gRPC calls carry it as the cause of an <c>RpcException</c> with <c>ResourceExhausted</c>, HTTP
/// requests as the inner exception: of the <see cref="TimeoutException"/> where an exchange spent its deadline waiting for room, else
/// of the <see cref="HttpRequestException"/>.
/// </summary>
public sealed class ConnectionBudgetException : Exception
{
    internal ConnectionBudgetException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>Gets the address that was to be connected to.</summary>
    public string Address { get; internal init; } = "";

    /// <summary>Gets the number of connections that all pooled clients held.</summary>
    public int Connections { get; internal init; }

    /// <summary>Gets the most connections that all pooled clients may hold: <see cref="DescriptorOptions.MaxConnections"/> or its default.</summary>
    public int Budget { get; internal init; }

    /// <summary>Gets the number of descriptors that the process as a whole held.</summary>
    public int OpenDescriptors { get; internal init; }

    /// <summary>Gets the process's own limit of descriptors; <see langword="null"/> where there is none.</summary>
    public int? DescriptorLimit { get; internal init; }

    /// <summary>Gets who held the connections, the largest holder first.</summary>
    public IReadOnlyList<ConnectionHolder> Holders { get; internal init; } = [];
}
