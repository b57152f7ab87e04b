using Grpc.Core;
using Grpc.Net.Client;
using PooledClients;
using PooledClients.Grpc;
using PooledClients.Grpc.Calls;
using PooledClients.Scopes;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures a pooled gRPC client beyond its options.</summary>
public static class PooledGrpcClientBuilderExtensions
{
    /// <summary>Says how a stub is made from the pipeline, instead of the client's constructor: for code-first clients and wrappers.</summary>
    /// <typeparam name="TClient">The client's type, as it was added.</typeparam>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes a stub over the call invoker.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigureClient<TClient>(this IPooledGrpcClientBuilder builder, Func<CallInvoker, TClient> create)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(create);
        return builder.Setup(setup => setup.Creator = (_, invoker) => create(invoker));
    }

    /// <summary>
    /// Gives each scope its own stub (and <see cref="IPooledGrpcClientFactory{TClient}"/>), over the same connections: call credentials,
    /// interceptors of <see cref="GrpcInterceptorScope.Client"/> and <c>ConfigureClient</c> get the scope's services, so that each request
    /// carries its own user's token. A singleton cannot have such a stub injected. Without it the stub is a singleton, and a scoped
    /// service that its credentials or interceptors ask for is refused.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AsScoped(this IPooledGrpcClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        foreach (var registration in builder.Services.Select(static service => service.IsKeyedService ? null : service.ImplementationInstance)
            .OfType<GrpcClientRegistration>().Where(registration => registration.Name == builder.Name).ToList())
        {
            registration.MakeScoped(builder.Services);
        }

        return builder.Setup(static setup => setup.IsScoped = true);
    }

    /// <summary>Says how a stub is made from the pipeline and the container's services, instead of the client's constructor.</summary>
    /// <typeparam name="TClient">The client's type, as it was added.</typeparam>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes a stub from the services, the scope's with <see cref="AsScoped"/>, and the call invoker.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigureClient<TClient>(this IPooledGrpcClientBuilder builder, Func<IServiceProvider, CallInvoker, TClient> create)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(create);
        return builder.Setup(setup => setup.Creator = create);
    }

    /// <summary>
    /// Adjusts the channel's options: compression, credentials, service config and so on. The handler is the library's: setting
    /// <see cref="GrpcChannelOptions.HttpHandler"/> or <see cref="GrpcChannelOptions.HttpClient"/> fails.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configure">Adjusts the options, once, when the channel is made.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigureChannel(this IPooledGrpcClientBuilder builder, Action<GrpcChannelOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return builder.Setup(setup => setup.ChannelActions.Add((_, options) => configure(options)));
    }

    /// <summary>Adjusts the channel's options with the container's services.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configure">Adjusts the options, once, when the channel is made.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigureChannel(this IPooledGrpcClientBuilder builder, Action<IServiceProvider, GrpcChannelOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return builder.Setup(setup => setup.ChannelActions.Add(configure));
    }

    /// <summary>
    /// Adjusts the handler under the channel, each time that one is made. What the library stands on stays its own: the connect
    /// callback, certificate validation and several HTTP/2 connections. A client with a handler of its own shares no connection.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configure">Adjusts a handler that has the library's defaults.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigureHandler(this IPooledGrpcClientBuilder builder, Action<SocketsHttpHandler> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return builder.Setup(setup => setup.HandlerActions.Add(configure));
    }

    /// <summary>
    /// Has an <see cref="IEndpointResolver"/> tell the endpoints of the client's address, whatever its scheme is;
    /// <see cref="PooledGrpcClientOptions.Endpoints"/> says how they are picked.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes the resolver, or takes it from the container, once a channel.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddEndpointResolver(this IPooledGrpcClientBuilder builder, Func<IServiceProvider, IEndpointResolver> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return builder.Setup(setup => setup.EndpointResolver = create);
    }

    /// <summary>
    /// Sends the client's calls to a handler of the application's, such as a test server's, in place of the pool: deadlines, credentials,
    /// interceptors and message handlers stay, while connections, retries of unary calls and the descriptor budget are the handler's matter.
    /// <see cref="PooledGrpcClientOptions.Address"/> may be left out; where <see cref="PooledGrpcClientOptions.Tls"/> is set the start fails,
    /// for it would have no effect.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes or gets the handler, once, when the channel is made. It is not disposed.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigurePrimaryHttpMessageHandler(this IPooledGrpcClientBuilder builder, Func<HttpMessageHandler> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return builder.Setup(setup => setup.PrimaryHandler = _ => create());
    }

    /// <summary>Sends the client's calls to a handler of the application's in place of the pool.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes or gets the handler from the root services, once, when the channel is made. It is not disposed.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigurePrimaryHttpMessageHandler(
        this IPooledGrpcClientBuilder builder, Func<IServiceProvider, HttpMessageHandler> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return builder.Setup(setup => setup.PrimaryHandler = create);
    }

    /// <summary>Sends the client's calls to a handler of the container in place of the pool.</summary>
    /// <typeparam name="THandler">The handler's type.</typeparam>
    /// <param name="builder">The client's builder.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigurePrimaryHttpMessageHandler<THandler>(this IPooledGrpcClientBuilder builder)
        where THandler : HttpMessageHandler
        => builder.Setup(setup => setup.PrimaryHandler = static services => services.GetRequiredService<THandler>());

    /// <summary>
    /// Puts a message handler in front of the pooled connections. The first one added is the outermost. It sees a unary call once,
    /// however many attempts it takes.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes the handler, once a channel.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddHttpMessageHandler(this IPooledGrpcClientBuilder builder, Func<DelegatingHandler> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return builder.Setup(setup => setup.MessageHandlers.Add(_ => create()));
    }

    /// <summary>
    /// Puts a message handler in front of the pooled connections. The first one added is the outermost. It sees a unary call once,
    /// however many attempts it takes.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes the handler from the root services, once a channel.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddHttpMessageHandler(this IPooledGrpcClientBuilder builder, Func<IServiceProvider, DelegatingHandler> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return builder.Setup(setup => setup.MessageHandlers.Add(create));
    }

    /// <summary>
    /// Puts a message handler of the container in front of the pooled connections. It has to be transient. It sees a unary call once,
    /// however many attempts it takes.
    /// </summary>
    /// <typeparam name="THandler">The handler's type.</typeparam>
    /// <param name="builder">The client's builder.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddHttpMessageHandler<THandler>(this IPooledGrpcClientBuilder builder)
        where THandler : DelegatingHandler
        => builder.Setup(setup => setup.MessageHandlers.Add(static services => services.GetRequiredService<THandler>()));

    /// <summary>
    /// Adds credentials to each call, once for all attempts of a unary one. They need TLS: on a clear text address the client fails at start.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="authInterceptor">Adds the credentials to the call's metadata.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddCallCredentials(this IPooledGrpcClientBuilder builder, Func<AuthInterceptorContext, Metadata, Task> authInterceptor)
    {
        ArgumentNullException.ThrowIfNull(authInterceptor);
        return builder.Setup(setup => setup.CallCredentials.Add(_ => CallCredentials.FromInterceptor((context, metadata) => authInterceptor(context, metadata))));
    }

    /// <summary>
    /// Adds credentials that need the container's services to each call, once for all attempts of a unary one. They need TLS: on a clear text
    /// address the client fails at start.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="authInterceptor">
    /// Adds the credentials to the call's metadata, with the services: the scope's with <see cref="AsScoped"/>, else the root's, whose transients are disposed of once it has ended.
    /// </param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddCallCredentials(
        this IPooledGrpcClientBuilder builder, Func<AuthInterceptorContext, Metadata, IServiceProvider, Task> authInterceptor)
    {
        ArgumentNullException.ThrowIfNull(authInterceptor);
        return builder.Setup(setup => setup.CallCredentials.Add(services => CallCredentials.FromInterceptor((context, metadata) => services is RootServices root
            ? root.UseOnceAsync(once => authInterceptor(context, metadata, once))
            : authInterceptor(context, metadata, services))));
    }

    /// <summary>
    /// Adds credentials to each call, once for all attempts of a unary one. They need TLS: on a clear text address the client fails at start.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="credentials">The credentials, the same for all calls.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddCallCredentials(this IPooledGrpcClientBuilder builder, CallCredentials credentials)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return builder.Setup(setup => setup.CallCredentials.Add(_ => credentials));
    }

    /// <summary>Adjusts the options of each call, once, before anything else: a deadline that is set here is the call's own.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="configure">Returns the options to go on with.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder ConfigureCallOptions(this IPooledGrpcClientBuilder builder, Func<CallOptions, CallOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return builder.Setup(setup => setup.CallOptions.Add(configure));
    }

    /// <summary>
    /// Gives the contract of the client, from whose <c>idempotency_level</c> options the library reads which methods may be tried
    /// again: for clients that were not generated beside it, and under native AOT, where it is trimmed away otherwise.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="descriptor">The service's descriptor, such as <c>KeyValue.Descriptor</c>.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder UseServiceDescriptor(
        this IPooledGrpcClientBuilder builder, Google.Protobuf.Reflection.ServiceDescriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return builder.Setup(setup => setup.Descriptor = descriptor);
    }

    private static IPooledGrpcClientBuilder Setup(this IPooledGrpcClientBuilder builder, Action<GrpcClientSetup> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure(builder.Name, configure);
        return builder;
    }
}
