using Grpc.Core.Interceptors;
using PooledClients;
using PooledClients.Grpc.Calls;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts interceptors into the pipeline of a pooled gRPC client.</summary>
public static class PooledGrpcClientInterceptorExtensions
{
    /// <summary>
    /// Puts an interceptor of the container, made once for the channel, into the pipeline. The first one added is the outermost. It sees a
    /// unary call once, however many attempts it takes; of a hedged call, and of a server stream that starts over, each attempt.
    /// </summary>
    /// <typeparam name="TInterceptor">The interceptor's type.</typeparam>
    /// <param name="builder">The client's builder.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddInterceptor<TInterceptor>(this IPooledGrpcClientBuilder builder)
        where TInterceptor : Interceptor
        => builder.AddInterceptor<TInterceptor>(GrpcInterceptorScope.Channel);

    /// <summary>Puts an interceptor of the container into the pipeline. The first one added is the outermost.</summary>
    /// <typeparam name="TInterceptor">
    /// The interceptor's type. With <see cref="GrpcInterceptorScope.Client"/> and <see cref="PooledGrpcClientBuilderExtensions.AsScoped"/> it may be or need a scoped service; otherwise
    /// such a service is refused.
    /// </typeparam>
    /// <param name="builder">The client's builder.</param>
    /// <param name="scope">How long it lives.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddInterceptor<TInterceptor>(this IPooledGrpcClientBuilder builder, GrpcInterceptorScope scope)
        where TInterceptor : Interceptor
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddInterceptor(scope, static services => services.GetRequiredService<TInterceptor>());
    }

    /// <summary>Puts an interceptor, made once for the channel, into the pipeline. The first one added is the outermost.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes the interceptor from the root services.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddInterceptor(this IPooledGrpcClientBuilder builder, Func<IServiceProvider, Interceptor> create)
        => builder.AddInterceptor(GrpcInterceptorScope.Channel, create);

    /// <summary>Puts an interceptor into the pipeline. The first one added is the outermost.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="scope">How long it lives.</param>
    /// <param name="create">Makes the interceptor from the services: the scope's for <see cref="GrpcInterceptorScope.Client"/> with <see cref="PooledGrpcClientBuilderExtensions.AsScoped"/>, else the root's.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddInterceptor(this IPooledGrpcClientBuilder builder, GrpcInterceptorScope scope, Func<IServiceProvider, Interceptor> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<GrpcClientSetup>(
            builder.Name, setup => (scope == GrpcInterceptorScope.Channel ? setup.ChannelInterceptors : setup.ClientInterceptors).Add(create));
        return builder;
    }

    /// <summary>Puts an interceptor, made once for the channel, into the pipeline. The first one added is the outermost.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="create">Makes the interceptor.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddInterceptor(this IPooledGrpcClientBuilder builder, Func<Interceptor> create)
        => builder.AddInterceptor(GrpcInterceptorScope.Channel, create);

    /// <summary>Puts an interceptor into the pipeline. The first one added is the outermost.</summary>
    /// <param name="builder">The client's builder.</param>
    /// <param name="scope">How long it lives.</param>
    /// <param name="create">Makes the interceptor.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddInterceptor(this IPooledGrpcClientBuilder builder, GrpcInterceptorScope scope, Func<Interceptor> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return builder.AddInterceptor(scope, _ => create());
    }
}
