using Grpc.Core;
using Grpc.Net.Client;
using PooledClients.Configuration;
using PooledClients.Connections;
using PooledClients.Grpc.Calls;

namespace PooledClients.Grpc.Channels;

/// <summary>
/// Runs what the application put into a client, each part by itself, so that one that fails hides no other. What is made is thrown away: it is
/// for a client that cannot be made anyhow.
/// </summary>
internal static class ClientParts
{
    /// <param name="setup">What the application put into the client.</param>
    /// <param name="root">The services of what there is one of.</param>
    /// <param name="scope">The services of a stub.</param>
    /// <param name="address">Where the calls would go, where that is known.</param>
    public static IEnumerable<Exception> FindFailures(GrpcClientSetup setup, IServiceProvider root, IServiceProvider scope, ServiceAddress? address)
    {
        var channel = new GrpcChannelOptions();
        foreach (var part in Parts(setup, root, scope, channel))
        {
            if (StartFailures.Catch(part) is { } failure)
            {
                yield return failure;
            }
        }

        foreach (var error in ChannelOptionsCheck.Find(channel, address, setup))
        {
            yield return new InvalidOperationException(error);
        }
    }

    private static IEnumerable<Action> Parts(GrpcClientSetup setup, IServiceProvider root, IServiceProvider scope, GrpcChannelOptions channel) =>
    [
        () => setup.PrimaryHandler?.Invoke(root),
        () => setup.EndpointResolver?.Invoke(root),
        .. setup.ChannelActions.Select<Action<IServiceProvider, GrpcChannelOptions>, Action>(configure => () => configure(root, channel)),
        .. setup.HandlerActions.Select<Action<SocketsHttpHandler>, Action>(configure => () => Configure(configure)),
        .. setup.MessageHandlers.Concat<Func<IServiceProvider, object>>(setup.ChannelInterceptors).Select<Func<IServiceProvider, object>, Action>(create => () => create(root)),
        .. setup.ClientInterceptors.Concat<Func<IServiceProvider, object>>(setup.CallCredentials).Select<Func<IServiceProvider, object>, Action>(create => () => create(scope)),
        () => setup.Creator?.Invoke(scope, NoCalls.Instance),
    ];

    private static void Configure(Action<SocketsHttpHandler> configure)
    {
        using var handler = new SocketsHttpHandler();
        configure(handler);
    }

    private sealed class NoCalls : CallInvoker
    {
        public static readonly NoCalls Instance = new();

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw Refuse();

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw Refuse();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
            => throw Refuse();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
            => throw Refuse();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
            => throw Refuse();

        private static InvalidOperationException Refuse() => new("ConfigureClient makes a stub while the host starts; a call is made by the stub, later.");
    }
}
