namespace PooledClients;

/// <summary>How long an interceptor of a pooled gRPC client lives.</summary>
public enum GrpcInterceptorScope
{
    /// <summary>Made once, for the channel and all its stubs.</summary>
    Channel,

    /// <summary>Made anew for each stub: once where the stub is a singleton, for each scope with <c>AsScoped</c>, from the scope's services.</summary>
    Client,
}
