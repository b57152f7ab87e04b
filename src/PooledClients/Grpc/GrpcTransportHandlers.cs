using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.Dialing;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Balancing;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Sending;
using PooledClients.Resilience;
using PooledClients.Tls;

namespace PooledClients.Grpc;

/// <summary>
/// The handlers that carry calls, each made exactly once whatever the race: one a transport, or more where its clients limit their calls
/// differently.
/// </summary>
internal sealed class GrpcTransportHandlers(
    TransportRegistry transports,
    TlsRegistry tls,
    EndpointResolvers resolvers,
    AddressPolicies policies,
    PooledClientsMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger) : IDisposable
{
    private readonly ConcurrentDictionary<(Transport, AdmissionMode, int, BreakerSettings?, RetryBudgetSettings), Lazy<GrpcTransportHandler>> _handlers = new();

    /// <summary>Gets those that carry calls now.</summary>
    public IEnumerable<GrpcTransportHandler> All
        => _handlers.Values.Where(static handler => handler.IsValueCreated).Select(static handler => handler.Value);

    /// <summary>Finds the handler of a client's calls.</summary>
    /// <param name="options">The client's.</param>
    /// <param name="setup">What else was set for it.</param>
    /// <param name="custom">Who tells the endpoints, where the client brings its own.</param>
    /// <param name="address">The address that its transport has.</param>
    public GrpcTransportHandler Get(PooledGrpcClientOptions options, GrpcClientSetup setup, IEndpointResolver? custom, out ServiceAddress address)
    {
        if (!resolvers.TryParse(options.Endpoints, options.Address, custom is not null, out var parsed, out var reason))
        {
            throw new InvalidOperationException(reason);
        }

        address = parsed;
        var transport = transports.GetOrAdd(
            new TransportKey(
                address,
                address.IsSecure ? tls.GetOrAdd(options.Tls) : null,
                ConnectionSettings.From(options.Connection),
                setup.HandlerActions.Count > 0 ? setup : null,
                Endpoints: resolvers.Create(options.Endpoints, options.Address!, address, custom)),
            setup.HandlerActions);
        var admission = options.Admission;
        return _handlers.GetOrMake(
            (transport,
                admission.Mode,
                admission.Mode == AdmissionMode.Fixed ? admission.MaxCallsInFlight : 0,
                BreakerSettings.From(options.Resilience.Breaker),
                RetryBudgetSettings.From(options.Resilience.RetryBudget)),
            static (key, state) => state.handlers.Create(key.Item1, state.admission, key.Item4, key.Item5),
            (handlers: this, admission));
    }

    public void Dispose()
    {
        foreach (var handler in All)
        {
            handler.Dispose();
        }
    }

    private GrpcTransportHandler Create(Transport transport, AdmissionOptions admission, BreakerSettings? breaker, RetryBudgetSettings budget)
    {
        var handler = new GrpcTransportHandler(
            transport,
            admission,
            policies.GetBreaker(transport.Address, breaker),
            policies.GetBudget(transport.Address, budget),
            timeProvider,
            logger);
        handler.OpenStreams.ReportTo(policies.Metrics);
        metrics.ObserveCalls(() => new(transport.Address, handler.Admission.InFlight, handler.Admission.Waiting, handler.Admission.Limit));
        return handler;
    }
}
