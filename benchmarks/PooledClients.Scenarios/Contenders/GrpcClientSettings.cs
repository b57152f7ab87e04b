namespace PooledClients.Scenarios.Contenders;

/// <summary>What clients a load needs.</summary>
internal sealed record GrpcClientSettings
{
    public required string[] Addresses { get; init; }

    /// <summary>Gets the servers behind one client, for the scenarios of several; none where an address is one server.</summary>
    public string[] Endpoints { get; init; } = [];

    /// <summary>Gets the file that names them, for a scenario in which they come and go, and whether its change is told rather than asked for.</summary>
    public string? EndpointsPath { get; init; }

    public bool EndpointsAreTold { get; init; }

    public required string CaPath { get; init; }

    /// <summary>Gets how many clients of one address there are, each registered on its own.</summary>
    public int ClientsPerAddress { get; init; } = 1;

    public string? ClientCertificatePath { get; init; }

    public string? ClientKeyPath { get; init; }

    /// <summary>Gets how long a call may take.</summary>
    public double DeadlineSeconds { get; init; } = 30;

    public bool WaitForReady { get; init; }

    /// <summary>Gets the most connections of one address, for the contenders that can hold one; without it, their own default.</summary>
    public int? MaxConnections { get; init; }

    /// <summary>Gets how long a connection takes new calls; without it, the contender's own default.</summary>
    public double? LifetimeSeconds { get; init; }

    /// <summary>Gets the most attempts of a call that may be retried; without it, the contender's own default.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Gets whether a breaker may end calls at once.</summary>
    public bool Breaker { get; init; } = true;

    /// <summary>Gets how often certificates are looked at for a change, for the contenders that do.</summary>
    public double ReloadSeconds { get; init; } = 60;

    /// <summary>Gets the address of a client.</summary>
    public Uri Address(int client) => new(Addresses[client / ClientsPerAddress]);

    public int Clients => Addresses.Length * ClientsPerAddress;
}
