namespace PooledClients.Scenarios.Contenders;

/// <summary>What HTTP client a load needs.</summary>
internal sealed record HttpClientSettings(string Address, string CaPath)
{
    /// <summary>Gets how long an exchange may take, for the contenders that know such a thing; else it is the client's timeout.</summary>
    public double DeadlineSeconds { get; init; } = 30;
}
