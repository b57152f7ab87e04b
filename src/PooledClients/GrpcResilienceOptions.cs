namespace PooledClients;

/// <summary>When a gRPC call is tried again, and when an address is left alone.</summary>
public sealed class GrpcResilienceOptions
{
}
