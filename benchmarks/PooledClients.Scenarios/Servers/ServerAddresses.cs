namespace PooledClients.Scenarios.Servers;

/// <summary>Where a server process listens, and the limit of descriptors it runs under.</summary>
internal sealed record ServerAddresses(string[] Grpc, string Api, int DescriptorLimit)
{
    public static int Port(string address) => new Uri(address).Port;
}
