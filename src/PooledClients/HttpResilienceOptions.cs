namespace PooledClients;

/// <summary>When an HTTP request is tried again, and when an authority is left alone.</summary>
public sealed class HttpResilienceOptions
{
}
