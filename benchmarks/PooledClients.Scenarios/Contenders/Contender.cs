namespace PooledClients.Scenarios.Contenders;

/// <summary>One way to make calls, in the best set-up that is fair to it. All of them verify the server's certificate.</summary>
internal abstract class Contender(string name, string description)
{
    public string Name { get; } = name;

    /// <summary>Gets what it is, for the reader of the table.</summary>
    public string Description { get; } = description;
}
