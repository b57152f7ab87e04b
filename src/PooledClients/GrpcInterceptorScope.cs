namespace PooledClients;

/// <summary>How long an interceptor of a pooled gRPC client lives.</summary>
public enum GrpcInterceptorScope
{
    /// <summary>Made once, for the channel and all its stubs.</summary>
    Channel,

    /// <summary>Made anew for each stub. The stub that is injected is a singleton, so its interceptors are made once too.</summary>
    Client,
}
