using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.CallSites;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Channels;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.Sending;
using PooledClients.Grpc.Telemetry;
using PooledClients.Platform;
using PooledClients.Resilience;
using PooledClients.Scopes;

namespace PooledClients.Grpc;

/// <summary>Makes the channel of a client over the handler of its transport, with the application's parts around it.</summary>
internal sealed class PooledChannelFactory(
    GrpcTransportHandlers handlers,
    AddressPolicies policies,
    CallMetrics callMetrics,
    CallSiteSampler sampler,
    TimeProvider timeProvider,
    ILoggerFactory loggerFactory,
    ILogger logger)
{
    // Secure, for credentials are sent to no other, and nobody is asked: the handler of the application's takes the calls.
    private static readonly ServiceAddress Nowhere = new(Uri.UriSchemeHttps, "localhost", 443);

    public GrpcTransportHandlers Handlers => handlers;

    public PooledChannel Create(string client, Type clientType, PooledGrpcClientOptions options, GrpcClientSetup setup, RootServices root)
    {
        if (setup.PrimaryHandler is { } primary)
        {
            return CreateDetached(client, clientType, options, setup, primary(root), root);
        }

        var handler = handlers.Get(options, setup, setup.EndpointResolver?.Invoke(root), out var address);
        if (!address.IsSecure)
        {
            logger.ClearText(client, address.ToString());
        }

        var facts = CreateFacts(client, clientType, options, setup, handler.Transport.Address, handler.LearnStreaming) with { Endpoints = handler.Transport.Set, Pending = handler.Pending };
        var channel = CreateGrpcChannel(client, address, options, setup, new ObservedChannelHandler(handler, facts.Calls!), root, out var configured);
        return new PooledChannel(channel, handler, options, setup, With(facts, configured), root);
    }

    /// <summary>A channel over the application's own handler, with the same pipeline in front of it.</summary>
    private PooledChannel CreateDetached(
        string client, Type clientType, PooledGrpcClientOptions options, GrpcClientSetup setup, HttpMessageHandler primary, RootServices root)
    {
        if (!ServiceAddress.TryParse(options.Address, out var address, out _))
        {
            address = Nowhere;
        }

        logger.LeftThePool(client, primary.GetType().ToString());
        var facts = CreateFacts(client, clientType, options, setup, address.ToString(), static _ => { });
        var channel = CreateGrpcChannel(client, address, options, setup, primary, root, out var configured);
        return new PooledChannel(channel, handler: null, options, setup, With(facts, configured), root);
    }

    private CallPipelineFacts CreateFacts(
        string client, Type clientType, PooledGrpcClientOptions options, GrpcClientSetup setup, string address, Action<IMethod> learnStreaming) => new(
            client,
            clientType,
            setup.Descriptor,
            address,
            policies.GetBudget(address, RetryBudgetSettings.From(options.Resilience.RetryBudget)),
            learnStreaming,
            policies.Metrics,
            timeProvider,
            logger,
            new ChannelCalls(client, address, setup.Descriptor ?? Idempotency.BesideClient(clientType), callMetrics, timeProvider, sampler));

    private static CallPipelineFacts With(CallPipelineFacts facts, GrpcChannelOptions configured) => facts with
    {
        ThrowsOnCancellation = configured.ThrowOperationCanceledOnCancellation,
        ChannelRetries = ChannelRetries.From(configured.ServiceConfig),
    };

    private GrpcChannel CreateGrpcChannel(string name, ServiceAddress address, PooledGrpcClientOptions options, GrpcClientSetup setup, HttpMessageHandler handler, RootServices root, out GrpcChannelOptions channelOptions)
    {
        channelOptions = new GrpcChannelOptions
        {
            MaxReceiveMessageSize = options.MaxReceiveMessageSize,
            MaxSendMessageSize = options.MaxSendMessageSize,
        };
        channelOptions.LoggerFactory = new ChannelLoggerFactory(loggerFactory, new MessageSizeWords(name, channelOptions));
        foreach (var configure in setup.ChannelActions)
        {
            configure(root, channelOptions);
        }

        ChannelOptionsCheck.Check(channelOptions, address, setup);
        var outermost = handler;
        foreach (var create in Enumerable.Reverse(setup.MessageHandlers))
        {
            var messageHandler = create(root);
            if (messageHandler.InnerHandler is not null)
            {
                throw new InvalidOperationException($"{messageHandler.GetType()} was used already; a message handler is made anew for each channel: register it as transient.");
            }

            ChannelOptionsCheck.Check(messageHandler, setup);
            messageHandler.InnerHandler = outermost;
            outermost = messageHandler;
        }

        if (channelOptions.ThrowOperationCanceledOnCancellation)
        {
            outermost = new CancellationHandler { InnerHandler = outermost };
        }

        // Given a handler, the channel would put its balancer in front of it, which has nothing to balance here; given a client, it puts none.
        channelOptions.HttpClient = new HttpClient(outermost, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        channelOptions.DisposeHttpClient = true;
        var channel = GrpcChannel.ForAddress(address.ChannelAddress, channelOptions);
        GrpcContracts.TrySetInvoker(channel, new HttpMessageInvoker(outermost, disposeHandler: false));
        return channel;
    }
}
