using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Bench;

/// <summary>What a contender's process is to do.</summary>
internal sealed record LoadSettings
{
    public string Scenario { get; init; } = "";

    public string Contender { get; init; } = "";

    public GrpcClientSettings? Grpc { get; init; }

    public HttpClientSettings? Http { get; init; }

    /// <summary>Gets the addresses of HTTP requests, where there is more than the client's own.</summary>
    public string[] HttpAddresses { get; init; } = [];

    /// <summary>Gets how many callers there are, each with one call at a time.</summary>
    public int Callers { get; init; } = 1;

    /// <summary>Gets for how long they call.</summary>
    public double Seconds { get; init; }

    /// <summary>Gets how many calls they make, where a number is what matters.</summary>
    public int Calls { get; init; }
}
