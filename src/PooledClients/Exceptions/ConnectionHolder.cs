namespace PooledClients;

/// <summary>How many connections are held to one address.</summary>
public sealed class ConnectionHolder
{
    internal ConnectionHolder(string address, int connections)
    {
        Address = address;
        Connections = connections;
    }

    /// <summary>Gets the address.</summary>
    public string Address { get; }

    /// <summary>Gets the number of connections to it, those of retired generations included.</summary>
    public int Connections { get; }

    /// <summary>Says both.</summary>
    /// <returns>The address and the number of connections.</returns>
    public override string ToString() => $"{Address} {Connections}";
}
