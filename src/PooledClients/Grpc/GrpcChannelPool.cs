using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Channels;
using PooledClients.Grpc.Sending;
using PooledClients.Grpc.WarmUp;
using PooledClients.Scopes;

namespace PooledClients.Grpc;

/// <summary>
/// Finds the channel of a client, and has it made exactly once whatever the race. Channels differ by options such as message sizes; their
/// connections are the transport's, shared by all whose address, trust, identity and connection options are equal.
/// </summary>
internal sealed class GrpcChannelPool(
    IServiceProvider services,
    ServiceRegistrations registrations,
    IOptionsMonitor<PooledGrpcClientOptions> options,
    IOptionsMonitor<GrpcClientSetup> setups,
    IEnumerable<GrpcClientRegistration> clients,
    PooledChannelFactory factory,
    ILogger<GrpcChannelPool> logger) : IGrpcChannelPool, IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<PooledChannel>> _channels = new(StringComparer.Ordinal);
    private readonly Lazy<Dictionary<string, GrpcClientRegistration>> _clients = new(() => Index(clients));

    /// <inheritdoc cref="GrpcTransportHandlers.All"/>
    public IEnumerable<GrpcTransportHandler> Handlers => factory.Handlers.All;

    /// <summary>The channels that were asked for so far, by their clients' names.</summary>
    public IEnumerable<(string Name, PooledChannel Channel)> Channels
        => _channels.Where(static channel => channel.Value.IsValueCreated).Select(static channel => (channel.Key, channel.Value.Value));

    public ChannelBase GetChannel(string name) => Find(name);

    public Task ConnectAsync(string name, CancellationToken cancellationToken = default)
        => setups.Get(name).IsReplaced ? Task.CompletedTask : HealthProbe.ConnectAsync(Find(name), cancellationToken);

    /// <summary>The most connections of the process.</summary>
    public int ConnectionBudget => services.GetRequiredService<ConnectionGate>().Budget;

    public WarmUpChannel CreateWarmUpChannel() => new(services.GetRequiredService<TransportServices>(), logger);

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

        return factory.Create(client.Name, client.ClientType, clientOptions, setup, new RootServices(ScopeWords.OfGrpc(client.Name), services, registrations));
    }
}
