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
using PooledClients.Grpc.Admission;
using PooledClients.Grpc.Balancing;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.Sending;
using PooledClients.Grpc.WarmUp;
using PooledClients.Resilience;
using PooledClients.Tls;

namespace PooledClients.Grpc;

/// <summary>
/// Makes one channel a client name and one transport handler a transport, exactly once whatever the race. Channels differ by options
/// such as message sizes; their connections are the transport's, shared by all whose address, trust, identity and connection options
/// are equal.
/// </summary>
internal sealed class GrpcChannelPool(
    IServiceProvider services,
    TransportRegistry transports,
    TlsRegistry tls,
    AddressResilienceRegistry resilience,
    IOptionsMonitor<PooledGrpcClientOptions> options,
    IOptionsMonitor<GrpcClientSetup> setups,
    IEnumerable<GrpcClientRegistration> clients,
    EndpointResolvers resolvers,
    PooledClientsMetrics metrics,
    TimeProvider timeProvider,
    ILoggerFactory loggerFactory) : IGrpcChannelPool, IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<PooledChannel>> _channels = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(Transport, AdmissionMode, int), Lazy<GrpcTransportHandler>> _handlers = new();
    private readonly Lazy<Dictionary<string, GrpcClientRegistration>> _clients = new(() => Index(clients));
    private readonly ILogger _logger = loggerFactory.CreateLogger<GrpcChannelPool>();

    /// <summary>The handlers that carry calls now: one a transport, or more where its clients limit their calls differently.</summary>
    public IEnumerable<GrpcTransportHandler> Handlers
        => _handlers.Values.Where(static handler => handler.IsValueCreated).Select(static handler => handler.Value);

    /// <summary>The channels that were asked for so far, by their clients' names.</summary>
    public IEnumerable<(string Name, PooledChannel Channel)> Channels
        => _channels.Where(static channel => channel.Value.IsValueCreated).Select(static channel => (channel.Key, channel.Value.Value));

    public ChannelBase GetChannel(string name) => Find(name);

    public Task ConnectAsync(string name, CancellationToken cancellationToken = default) => HealthProbe.ConnectAsync(Find(name), cancellationToken);

    /// <summary>The most connections of the process.</summary>
    public int ConnectionBudget => services.GetRequiredService<ConnectionGate>().Budget;

    public Rehearsal CreateRehearsal() => new(services.GetRequiredService<TransportServices>(), _logger);

    /// <summary>Has a client make its calls in a rehearsal.</summary>
    /// <returns>How many it made.</returns>
    public Task<int> RehearseAsync(string name, Rehearsal rehearsal, CancellationToken cancellationToken)
        => Find(name).RehearseAsync(_clients.Value[name], rehearsal, cancellationToken);

    public ConnectivityState GetState(string name) => Find(name).Handler.State;

    public ChannelBase GetChannel<TClient>()
        where TClient : class
        => _clients.Value.Values.FirstOrDefault(static client => client.ClientType == typeof(TClient) && !client.IsNamed) is { } client
            ? GetPooledChannel(client)
            : throw new InvalidOperationException($"{typeof(TClient)} was not added without a name; add it with AddPooledGrpcClient, or get its channel by name.");

    public PooledChannel GetPooledChannel(GrpcClientRegistration client)
        => _channels.GetOrAdd(client.Name, static (_, state) => new Lazy<PooledChannel>(() => state.pool.CreateChannel(state.client)), (pool: this, client)).Value;

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
        var custom = setup.EndpointResolver?.Invoke(services);
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
        var handler = _handlers.GetOrAdd(
            (transport, admission.Mode, admission.Mode == AdmissionMode.Fixed ? admission.MaxCallsInFlight : 0),
            static (key, state) => new Lazy<GrpcTransportHandler>(() => state.pool.CreateHandler(key.Item1, state.clientOptions)),
            (pool: this, clientOptions)).Value;

        if (!address.IsSecure)
        {
            _logger.ClearText(client.Name, address.ToString());
        }

        var facts = new CallPipelineFacts(
            client.Name,
            client.ClientType,
            setup.Descriptor,
            transport.Address,
            resilience.GetBudget(transport.Address, clientOptions.Resilience),
            handler.LearnStreaming,
            resilience.Metrics,
            timeProvider,
            _logger);
        return new PooledChannel(CreateGrpcChannel(address, clientOptions, setup, handler), handler, clientOptions, setup, facts, services);
    }

    private GrpcTransportHandler CreateHandler(Transport transport, PooledGrpcClientOptions clientOptions)
    {
        var breaker = resilience.GetBreaker(transport.Address, clientOptions.Resilience);
        var handler = new GrpcTransportHandler(
            transport, clientOptions.Admission, breaker, resilience.GetBudget(transport.Address, clientOptions.Resilience), timeProvider, _logger);
        metrics.ObserveCalls(() => new(transport.Address, handler.Admission.InFlight, handler.Admission.Waiting, handler.Admission.Limit));
        return handler;
    }

    private GrpcChannel CreateGrpcChannel(ServiceAddress address, PooledGrpcClientOptions clientOptions, GrpcClientSetup setup, GrpcTransportHandler handler)
    {
        var channelOptions = new GrpcChannelOptions
        {
            LoggerFactory = new ChannelLoggerFactory(loggerFactory),
            MaxReceiveMessageSize = clientOptions.MaxReceiveMessageSize,
            MaxSendMessageSize = clientOptions.MaxSendMessageSize,
        };
        foreach (var configure in setup.ChannelActions)
        {
            configure(services, channelOptions);
        }

        if (channelOptions.HttpHandler is not null || channelOptions.HttpClient is not null)
        {
            throw new InvalidOperationException(
                "ConfigureChannel set HttpHandler or HttpClient, which would leave the pool; use ConfigureHandler or AddHttpMessageHandler instead.");
        }

        HttpMessageHandler outermost = handler;
        foreach (var create in Enumerable.Reverse(setup.MessageHandlers))
        {
            var messageHandler = create(services);
            if (messageHandler.InnerHandler is not null)
            {
                throw new InvalidOperationException($"{messageHandler.GetType()} was used already; a message handler is made anew for each channel: register it as transient.");
            }

            messageHandler.InnerHandler = outermost;
            outermost = messageHandler;
        }

        // Given a handler, the channel would put its balancer in front of it, which costs each call a tenth of its bytes and has nothing
        // to balance here. The client adds nothing: each call has its own deadline.
        channelOptions.HttpClient = new HttpClient(outermost, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        channelOptions.DisposeHttpClient = true;
        return GrpcChannel.ForAddress(address.ChannelAddress, channelOptions);
    }
}
