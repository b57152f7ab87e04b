using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Channels;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.Sending;
using PooledClients.Grpc.Telemetry;
using PooledClients.Grpc.WarmUp;
using PooledClients.Scopes;

namespace PooledClients.Grpc;

/// <summary>A client's channel: the pipeline of its calls over a transport that may carry other clients too.</summary>
internal sealed class PooledChannel : ChannelBase, IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly CallPipeline _pipeline;
    private readonly Lazy<CallInvoker> _invoker;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _optionsInForce;

    public PooledChannel(
        GrpcChannel channel,
        GrpcTransportHandler? handler,
        PooledGrpcClientOptions options,
        GrpcClientSetup setup,
        CallPipelineFacts facts,
        RootServices services)
        : base(channel.Target)
    {
        _channel = channel;
        Handler = handler;
        Setup = setup;
        Services = services;
        _optionsInForce = new(() => Telemetry.OptionsInForce.Of(options));
        Calls = facts.Calls!;

        // Interceptors run in the order in which they were added, so the last is wrapped first.
        var invoker = channel.CreateCallInvoker();
        foreach (var create in Enumerable.Reverse(setup.ChannelInterceptors))
        {
            invoker = invoker.Intercept(create(services));
        }

        _pipeline = new CallPipeline(invoker, options, setup, facts, services);

        // Made when it is asked for: its interceptors of client scope are made with it.
        _invoker = new Lazy<CallInvoker>(() => _pipeline.Build(stubDeadline: null));
    }

    /// <summary>Its number in diagnostics.</summary>
    public long Id { get; } = DiagnosticIds.Next();

    /// <summary>What carries the calls; <see langword="null"/> where the application's own primary handler does.</summary>
    public GrpcTransportHandler? Handler { get; }

    /// <summary>What its connections are; nothing is known of those of a primary handler of the application's.</summary>
    public ConnectivityState State => Handler?.State ?? ConnectivityState.Ready;

    public GrpcClientSetup Setup { get; }

    /// <summary>The options as diagnostics tell them.</summary>
    public IReadOnlyDictionary<string, string> OptionsInForce => _optionsInForce.Value;

    /// <summary>What is known of its calls.</summary>
    public ChannelCalls Calls { get; }

    /// <summary>The container's root services, without the scoped ones.</summary>
    public RootServices Services { get; }

    /// <summary>The channel's own invoker, in front of which there is nothing of ours.</summary>
    public CallInvoker CreateBareInvoker() => _channel.CreateCallInvoker();

    /// <summary>The invoker of calls to a server in this process, which are made as the client will make them to its own.</summary>
    public CallInvoker CreateWarmUpInvoker(WarmUpChannel channel) => _pipeline.BuildFor(channel);

    public override CallInvoker CreateCallInvoker() => _invoker.Value;

    /// <summary>The pipeline of one stub: interceptors of client scope are its own, and so is what needs the services of its scope.</summary>
    public CallInvoker CreateStubInvoker(TimeSpan? deadline, IServiceProvider? scope)
        => deadline is null && Setup.ClientInterceptors.Count == 0 && (scope is null || !Setup.NeedsScope) ? _invoker.Value : _pipeline.Build(deadline, scope);

    public void Dispose()
    {
        _channel.Dispose();
        Services.Dispose();
    }

    // The pool owns the connections; a caller that shuts its channel down leaves those of the others alone.
    protected override Task ShutdownAsyncCore() => Task.CompletedTask;
}
