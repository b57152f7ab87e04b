using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Grpc.Admission;
using PooledClients.Grpc.Balancing;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Channels;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.Sending;
using PooledClients.Grpc.Telemetry;
using PooledClients.Grpc.WarmUp;
using PooledClients.Resilience;
using PooledClients.Scopes;
using PooledClients.Tls;

namespace PooledClients.Grpc;

/// <summary>
/// Makes one channel a client name and one transport handler a transport, exactly once whatever the race. Channels differ by options
/// such as message sizes; their connections are the transport's, shared by all whose address, trust, identity and connection options
/// are equal.
/// </summary>
internal sealed class GrpcChannelPool(
    IServiceProvider services,
    ServiceRegistrations registrations,
    TransportRegistry transports,
    TlsRegistry tls,
    AddressPolicies policies,
    IOptionsMonitor<PooledGrpcClientOptions> options,
    IOptionsMonitor<GrpcClientSetup> setups,
    IEnumerable<GrpcClientRegistration> clients,
    EndpointResolvers resolvers,
    PooledClientsMetrics metrics,
    CallMetrics callMetrics,
    TimeProvider timeProvider,
    ILoggerFactory loggerFactory,
    ILogger<GrpcChannelPool> logger) : IGrpcChannelPool, IDisposable
{
    // Secure, for credentials are sent to no other, and nobody is asked: the handler of the application's takes the calls.
    private static readonly ServiceAddress Nowhere = new(Uri.UriSchemeHttps, "localhost", 443);

    private readonly ConcurrentDictionary<string, Lazy<PooledChannel>> _channels = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(Transport, AdmissionMode, int, BreakerSettings?, RetryBudgetSettings), Lazy<GrpcTransportHandler>> _handlers = new();
    private readonly Lazy<Dictionary<string, GrpcClientRegistration>> _clients = new(() => Index(clients));
    private readonly ILogger _logger = logger;

    /// <summary>The handlers that carry calls now: one a transport, or more where its clients limit their calls differently.</summary>
    public IEnumerable<GrpcTransportHandler> Handlers
        => _handlers.Values.Where(static handler => handler.IsValueCreated).Select(static handler => handler.Value);

    /// <summary>The channels that were asked for so far, by their clients' names.</summary>
    public IEnumerable<(string Name, PooledChannel Channel)> Channels
        => _channels.Where(static channel => channel.Value.IsValueCreated).Select(static channel => (channel.Key, channel.Value.Value));

    public ChannelBase GetChannel(string name) => Find(name);

    public Task ConnectAsync(string name, CancellationToken cancellationToken = default)
        => setups.Get(name).IsReplaced ? Task.CompletedTask : HealthProbe.ConnectAsync(Find(name), cancellationToken);

    /// <summary>The most connections of the process.</summary>
    public int ConnectionBudget => services.GetRequiredService<ConnectionGate>().Budget;

    public WarmUpChannel CreateWarmUpChannel() => new(services.GetRequiredService<TransportServices>(), _logger);

    /// <summary>Has a client make its calls to a server in this process.</summary>
    /// <returns>How many it made.</returns>
    public Task<int> WarmUpAsync(string name, WarmUpChannel channel, CancellationToken cancellationToken)
        => setups.Get(name) is { IsReplaced: true } or { PrimaryHandler: not null }
            ? Task.FromResult(0)
            : _clients.Value[name].WarmUpAsync(Find(name).CreateWarmUpInvoker(channel), channel.AnswerWith, channel.Deadline, cancellationToken);

    public ConnectivityState GetState(string name) => Find(name).State;

    public ChannelBase GetChannel<TClient>()
        where TClient : class
        => _clients.Value.Values.FirstOrDefault(static client => client.ClientType == typeof(TClient) && !client.IsNamed) is { } client
            ? GetPooledChannel(client)
            : throw new InvalidOperationException($"{typeof(TClient)} was not added without a name; add it with AddPooledGrpcClient, or get its channel by name.");

    /// <summary>Whether these services are those of no scope.</summary>
    public bool IsRoot(IServiceProvider scope) => ReferenceEquals(scope, services);

    /// <summary>Makes what calls of this client will need, as far as none is made: what the application put into it may fail.</summary>
    public void Prepare(string name)
    {
        var channel = Find(name);
        using var scope = channel.Setup.IsScoped ? new ShortScope(services) : null;
        var invoker = scope is null ? channel.CreateCallInvoker() : channel.CreateStubInvoker(deadline: null, scope.ServiceProvider);
        channel.Setup.Creator?.Invoke(scope?.ServiceProvider ?? channel.Services, invoker);
    }

    public PooledChannel GetPooledChannel(GrpcClientRegistration client)
        => _channels.GetOrMake(client.Name, static (_, state) => state.pool.CreateChannel(state.client), (pool: this, client));

    public void Dispose()
    {
        foreach (var channel in _channels.Values)
        {
            if (channel.IsValueCreated)
            {
                channel.Value.Dispose();
            }
        }

        foreach (var handler in Handlers)
        {
            handler.Dispose();
        }
    }

    private static Dictionary<string, GrpcClientRegistration> Index(IEnumerable<GrpcClientRegistration> clients)
    {
        var index = new Dictionary<string, GrpcClientRegistration>(StringComparer.Ordinal);
        foreach (var client in clients)
        {
            // A second type of one name fails at start; without a host it fails here, before a stub of one type is made for another.
            if (!index.TryAdd(client.Name, client) && index[client.Name].ClientType != client.ClientType)
            {
                throw new InvalidOperationException(
                    $"{index[client.Name].ClientType} and {client.ClientType} share the name '{client.Name}'; give one a name of its own: AddPooledGrpcClient<TClient>(\"name\").");
            }
        }

        return index;
    }

    private PooledChannel Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _clients.Value.TryGetValue(name, out var client)
            ? GetPooledChannel(client)
            : throw new InvalidOperationException(
                $"No pooled gRPC client is named '{name}'; the names are: {string.Join(", ", _clients.Value.Keys.Order(StringComparer.Ordinal))}. Add it with AddPooledGrpcClient.");
    }

    private PooledChannel CreateChannel(GrpcClientRegistration client)
    {
        // Options first: an error in them is the truth even where a name is taken twice as well.
        var clientOptions = options.Get(client.Name);
        _ = _clients.Value;
        var setup = setups.Get(client.Name);
        if (setup.IsReplaced)
        {
            throw new InvalidOperationException($"Pooled gRPC client '{client.Name}' was replaced, and has no channel.");
        }

        var root = new RootServices(ScopeWords.OfGrpc(client.Name), services, registrations);
        if (setup.PrimaryHandler is { } primary)
        {
            return CreateDetachedChannel(client, clientOptions, setup, primary(root), root);
        }

        var custom = setup.EndpointResolver?.Invoke(root);
        if (!resolvers.TryParse(clientOptions.Endpoints, clientOptions.Address, custom is not null, out var address, out var reason))
        {
            throw new InvalidOperationException(reason);
        }

        var transport = transports.GetOrAdd(
            new TransportKey(
                address,
                address.IsSecure ? tls.GetOrAdd(clientOptions.Tls) : null,
                ConnectionSettings.From(clientOptions.Connection),
                setup.HandlerActions.Count > 0 ? setup : null,
                Endpoints: resolvers.Create(clientOptions.Endpoints, clientOptions.Address!, address, custom)),
            setup.HandlerActions);
        var admission = clientOptions.Admission;
        var handler = _handlers.GetOrMake(
            (transport,
                admission.Mode,
                admission.Mode == AdmissionMode.Fixed ? admission.MaxCallsInFlight : 0,
                BreakerSettings.From(clientOptions.Resilience.Breaker),
                RetryBudgetSettings.From(clientOptions.Resilience.RetryBudget)),
            static (key, state) => state.pool.CreateHandler(key.Item1, state.clientOptions, key.Item4, key.Item5),
            (pool: this, clientOptions));

        if (!address.IsSecure)
        {
            _logger.ClearText(client.Name, address.ToString());
        }

        var facts = CreateFacts(client, clientOptions, setup, transport.Address, handler.LearnStreaming) with { Endpoints = transport.Set, Pending = handler.Pending };
        var channel = CreateGrpcChannel(client.Name, address, clientOptions, setup, new ObservedChannelHandler(handler, facts.Calls!), root, out var throws);
        return new PooledChannel(channel, handler, clientOptions, setup, facts with { ThrowsOnCancellation = throws }, root);
    }

    /// <summary>A channel over the application's own handler, with the same pipeline in front of it.</summary>
    private PooledChannel CreateDetachedChannel(
        GrpcClientRegistration client, PooledGrpcClientOptions clientOptions, GrpcClientSetup setup, HttpMessageHandler primary, RootServices root)
    {
        if (!ServiceAddress.TryParse(clientOptions.Address, out var address, out _))
        {
            address = Nowhere;
        }

        _logger.LeftThePool(client.Name, primary.GetType().ToString());
        var facts = CreateFacts(client, clientOptions, setup, address.ToString(), static _ => { });
        var channel = CreateGrpcChannel(client.Name, address, clientOptions, setup, primary, root, out var throws);
        return new PooledChannel(channel, handler: null, clientOptions, setup, facts with { ThrowsOnCancellation = throws }, root);
    }

    private CallPipelineFacts CreateFacts(
        GrpcClientRegistration client, PooledGrpcClientOptions clientOptions, GrpcClientSetup setup, string address, Action<IMethod> learnStreaming) => new(
            client.Name,
            client.ClientType,
            setup.Descriptor,
            address,
            policies.GetBudget(address, RetryBudgetSettings.From(clientOptions.Resilience.RetryBudget)),
            learnStreaming,
            policies.Metrics,
            timeProvider,
            _logger,
            new ChannelCalls(client.Name, address, setup.Descriptor ?? Idempotency.BesideClient(client.ClientType), callMetrics, timeProvider));

    private GrpcTransportHandler CreateHandler(Transport transport, PooledGrpcClientOptions clientOptions, BreakerSettings? breaker, RetryBudgetSettings budget)
    {
        var handler = new GrpcTransportHandler(
            transport,
            clientOptions.Admission,
            policies.GetBreaker(transport.Address, breaker),
            policies.GetBudget(transport.Address, budget),
            timeProvider,
            _logger);
        handler.OpenStreams.ReportTo(policies.Metrics);
        metrics.ObserveCalls(() => new(transport.Address, handler.Admission.InFlight, handler.Admission.Waiting, handler.Admission.Limit));
        return handler;
    }

    private GrpcChannel CreateGrpcChannel(string name, ServiceAddress address, PooledGrpcClientOptions clientOptions, GrpcClientSetup setup, HttpMessageHandler handler, RootServices root, out bool throwsOnCancellation)
    {
        var channelOptions = new GrpcChannelOptions
        {
            MaxReceiveMessageSize = clientOptions.MaxReceiveMessageSize,
            MaxSendMessageSize = clientOptions.MaxSendMessageSize,
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

            ChannelOptionsCheck.Check(messageHandler);
            messageHandler.InnerHandler = outermost;
            outermost = messageHandler;
        }

        throwsOnCancellation = channelOptions.ThrowOperationCanceledOnCancellation;
        if (throwsOnCancellation)
        {
            outermost = new CancellationHandler { InnerHandler = outermost };
        }

        // Given a handler, the channel would put its balancer in front of it, which costs each call a tenth of its bytes and has nothing
        // to balance here. The client adds nothing: each call has its own deadline.
        channelOptions.HttpClient = new HttpClient(outermost, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        channelOptions.DisposeHttpClient = true;
        return GrpcChannel.ForAddress(address.ChannelAddress, channelOptions);
    }
}
