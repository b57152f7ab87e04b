using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace PooledClients.Grpc.Calls;

/// <summary>What a client's builder was told; named options, filled by the builder's methods and read once.</summary>
internal sealed class GrpcClientSetup
{
    /// <summary>Makes a stub in place of the client's constructor.</summary>
    public Func<IServiceProvider, CallInvoker, object>? Creator { get; set; }

    /// <summary>The contract, where it was given.</summary>
    public ServiceDescriptor? Descriptor { get; set; }

    public List<Action<IServiceProvider, GrpcChannelOptions>> ChannelActions { get; } = [];

    /// <summary>Where any is given, the client's connections are its own: no other client asked for such a handler.</summary>
    public List<Action<SocketsHttpHandler>> HandlerActions { get; } = [];

    /// <summary>What carries the calls in place of the pool.</summary>
    public Func<IServiceProvider, HttpMessageHandler>? PrimaryHandler { get; set; }

    /// <summary>Whether something else stands in for the client, so that nothing of it is used.</summary>
    public bool IsReplaced { get; set; }

    /// <summary>Who resolves the address, where code says so.</summary>
    public Func<IServiceProvider, IEndpointResolver>? EndpointResolver { get; set; }

    public List<Func<IServiceProvider, DelegatingHandler>> MessageHandlers { get; } = [];

    public List<Func<IServiceProvider, Interceptor>> ChannelInterceptors { get; } = [];

    public List<Func<IServiceProvider, Interceptor>> ClientInterceptors { get; } = [];

    public List<Func<IServiceProvider, CallCredentials>> CallCredentials { get; } = [];

    public List<Func<CallOptions, CallOptions>> CallOptions { get; } = [];

    /// <summary>Whether each scope has a stub of its own.</summary>
    public bool IsScoped { get; set; }

    /// <summary>Whether a stub has anything of its own scope.</summary>
    public bool NeedsScope => ClientInterceptors.Count + CallCredentials.Count > 0;

    /// <summary>Whether making the channel or a stub runs code of the application's, which may fail.</summary>
    public bool HasApplicationParts => !IsReplaced
        && ((PrimaryHandler ?? EndpointResolver ?? (Delegate?)Creator) is not null
            || ChannelActions.Count + HandlerActions.Count + MessageHandlers.Count + ChannelInterceptors.Count + ClientInterceptors.Count + CallCredentials.Count > 0);

    /// <summary>
    /// Whether something of the application's comes between stub and handler that may send a request later than the call is made. The
    /// channel's options may have been given credentials.
    /// </summary>
    public bool MayWait => ChannelActions.Count + MessageHandlers.Count + ChannelInterceptors.Count + ClientInterceptors.Count + CallCredentials.Count > 0;
}
